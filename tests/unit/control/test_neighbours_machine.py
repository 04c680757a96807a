"""The neighbour table against a record of everything it was told and everything it did."""

from collections import defaultdict
from ipaddress import IPv4Address, IPv6Address

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.control.fakes import (
    IDENTITY,
    MS,
    OTHER_MAC,
    OUR_MAC,
    OURS,
    PEER_MAC,
    START,
    FakeWitness,
    unaddressed,
)
from tests.unit.control.ipv6_testbed import FAR6, OURS6, identity

from aeron_dpdk.control.actions import Action, DropParked, Forget, GiveUp, Install, SendParked, SendRequest
from aeron_dpdk.control.neighbour import MAX_PARKED, REQUEST_GAPS_NS, SEQUENCE_GAP_NS, NeighbourState
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.routing import Reach
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, Mac
from aeron_dpdk.wire.packet import Address

# Three neighbours, and four addresses of none: ours, one that no host has, one off the link, a group.
IPV4: list[Address] = [
    *(IPv4Address(f"10.0.0.{i}") for i in (2, 3, 4)),
    OURS,
    IPv4Address("10.0.0.255"),
    IPv4Address("10.9.9.9"),
    IPv4Address("224.0.0.5"),
]
IPV6: list[Address] = [
    *(IPv6Address(each) for each in ("fd00::2", "fd00::3", "fe80::4")),
    OURS6,
    IPv6Address("::"),
    FAR6,
    IPv6Address("ff02::5"),
]
NEIGHBOURS = 3
GOOD_MACS = [PEER_MAC, OTHER_MAC]
ALL_MACS = [*GOOD_MACS, OUR_MAC, BROADCAST, UNSPECIFIED, Mac.from_text("01:00:5e:00:00:05")]

addresses = st.integers(0, len(IPV4) - 1)
neighbours = st.integers(0, NEIGHBOURS - 1)
macs = st.sampled_from(ALL_MACS)
# around each of the table's periods, and in between
pauses_ns = st.sampled_from([0, 1, MS, 250, 500, 1000, 2000, 30_000]).map(
    lambda value: value if value in (0, 1, MS) else value * MS
)


class NeighboursMachine(RuleBasedStateMachine):
    family = IPV4
    reach: Reach = IDENTITY.routing

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = START
        self.witness = FakeWitness()
        self.table = Neighbours(self.reach, OUR_MAC, self.witness)
        self.installed: dict[Address, Mac] = {}
        self.requests: dict[Address, list[int]] = defaultdict(list)
        self.taught: dict[Address, set[Mac]] = defaultdict(set)
        self.frames_given = 0
        self.frames_sent: list[bytes] = []
        self.frames_dropped = 0

    def perform(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            match action:
                case Install(address, mac):
                    assert mac in self.taught[address], "installs only what was heard from that very address"
                    self.installed[address] = mac
                case Forget(address):
                    del self.installed[address]
                case SendRequest(address, mac):
                    assert mac is None or mac == self.installed[address]
                    self.requests[address].append(self.now_ns)
                case SendParked(frames):
                    self.frames_sent += frames
                case DropParked(frames):
                    assert frames > 0
                    self.frames_dropped += frames
                case GiveUp(address):
                    assert address not in self.installed
                case _:
                    raise AssertionError(f"{action} is no action of the table")

    @rule(which=addresses)
    def the_data_path_cannot_resolve(self, which: int) -> None:
        address = self.family[which]
        self.frames_given += 1
        frame = unaddressed(self.frames_given.to_bytes(4, "big"))
        self.perform(self.table.send(address, frame, self.now_ns))

    @rule(which=addresses, mac=macs)
    def the_data_path_hints(self, which: int, mac: Mac) -> None:
        address = self.family[which]
        had = self.installed.get(address)
        self.taught[address].add(mac)
        self.perform(self.table.hint(address, mac, self.now_ns))
        assert had is None or self.installed[address] == had

    @rule(which=neighbours)
    def the_neighbour_is_heard(self, which: int) -> None:
        address = self.family[which]
        if address in self.installed:
            self.witness.heard.add(address)

    @rule(which=neighbours, mac=st.sampled_from(GOOD_MACS))
    def a_flood_of_replies_comes(self, which: int, mac: Mac) -> None:
        """A confirmed MAC must survive it."""
        address = self.family[which]
        stands = {each.mac for each in self.table if each.address == address and each.is_confirmed}
        self.witness.disputed.add(address)
        self.a_reply_comes(which, mac)
        assert self.installed.get(address) in stands or not stands - {None}

    @rule(which=addresses, mac=macs)
    def a_reply_comes(self, which: int, mac: Mac) -> None:
        address = self.family[which]
        known = address in self.table
        self.taught[address].add(mac)
        self.perform(self.table.replied(address, mac, self.now_ns))
        assert known or address not in self.table

    @rule(which=addresses, mac=macs)
    def a_request_comes(self, which: int, mac: Mac) -> None:
        address = self.family[which]
        known, had = address in self.table, self.installed.get(address)
        self.taught[address].add(mac)
        self.perform(self.table.asked(address, mac, self.now_ns))
        assert known or address not in self.table
        assert had is None or self.installed[address] == had

    @rule(which=addresses, mac=macs)
    def an_announcement_comes(self, which: int, mac: Mac) -> None:
        address = self.family[which]
        known, had = address in self.table, self.installed.get(address)
        self.perform(self.table.heard(address, mac, self.now_ns))
        assert known or address not in self.table
        assert self.installed.get(address) == had

    @rule(which=neighbours)
    def the_data_path_sends(self, which: int) -> None:
        address = self.family[which]
        if address in self.installed:
            self.witness.used.add(address)

    @rule()
    def the_link_returns(self) -> None:
        self.perform(self.table.link_came_up(self.now_ns))

    @rule(pause_ns=pauses_ns)
    def time_passes(self, pause_ns: int) -> None:
        self.now_ns += pause_ns
        if self.now_ns >= self.table.due_ns:
            self.perform(self.table.advance(self.now_ns))

    @invariant()
    def no_impossible_neighbour_is_installed(self) -> None:
        assert set(self.installed) <= set(self.family[:NEIGHBOURS])
        assert set(self.installed.values()) <= set(GOOD_MACS)

    @invariant()
    def the_data_plane_holds_exactly_what_the_table_holds(self) -> None:
        assert self.installed == {each.address: each.mac for each in self.table if each.mac is not None}

    @invariant()
    def only_the_unresolved_have_frames_waiting_and_only_a_few(self) -> None:
        for neighbour in self.table:
            assert len(neighbour.parked) <= MAX_PARKED
            assert not neighbour.parked or neighbour.state is NeighbourState.INCOMPLETE

    @invariant()
    def every_frame_waits_or_was_sent_or_was_dropped_exactly_once(self) -> None:
        waiting = sum(len(neighbour.parked) for neighbour in self.table)
        assert waiting + len(self.frames_sent) + self.frames_dropped == self.frames_given
        assert len(set(self.frames_sent)) == len(self.frames_sent)
        assert all(Mac(frame[:6]) in GOOD_MACS for frame in self.frames_sent)

    @invariant()
    def requests_for_one_address_keep_their_distance(self) -> None:
        for times in self.requests.values():
            gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
            assert all(gap >= REQUEST_GAPS_NS[0] for gap in gaps)
            for i in range(len(gaps) - len(REQUEST_GAPS_NS) + 1):
                window = gaps[i : i + len(REQUEST_GAPS_NS)]
                assert any(gap >= SEQUENCE_GAP_NS for gap in window)

    @invariant()
    def whatever_waits_has_a_time_to_end(self) -> None:
        for neighbour in self.table:
            assert neighbour.due_ns >= self.table.due_ns

    def teardown(self) -> None:
        """With nobody using or answering anything, everything ends by itself."""
        self.witness.used.clear()
        for _ in range(200):
            self.time_passes(1000 * MS)
        assert len(self.table) == 0
        assert self.installed == {}
        assert len(self.frames_sent) + self.frames_dropped == self.frames_given


class Ipv6NeighboursMachine(NeighboursMachine):
    family = IPV6
    reach = identity().routing


TestIpv6Neighbours = Ipv6NeighboursMachine.TestCase
TestIpv6Neighbours.settings = settings(max_examples=50, stateful_step_count=60, deadline=None)
TestNeighbours = NeighboursMachine.TestCase
TestNeighbours.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
