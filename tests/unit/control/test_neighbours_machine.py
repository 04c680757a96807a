"""The neighbour table against an honest record of everything it was told and everything it did."""

from collections import defaultdict
from ipaddress import IPv4Address

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

from aeron_dpdk.control.actions import Action, DropParked, Forget, GiveUp, Install, SendParked, SendRequest
from aeron_dpdk.control.neighbour import MAX_PARKED, REQUEST_GAPS_NS, SEQUENCE_GAP_NS, State
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, Mac

ADDRESSES = [IPv4Address(f"10.0.0.{i}") for i in (2, 3, 4)]
ALL_ADDRESSES = [
    *ADDRESSES,
    OURS,
    IPv4Address("10.0.0.255"),
    IPv4Address("10.9.9.9"),
    IPv4Address("224.0.0.5"),
]
GOOD_MACS = [PEER_MAC, OTHER_MAC]
ALL_MACS = [*GOOD_MACS, OUR_MAC, BROADCAST, UNSPECIFIED, Mac.from_text("01:00:5e:00:00:05")]

addresses = st.sampled_from(ALL_ADDRESSES)
macs = st.sampled_from(ALL_MACS)
# around every period that the table knows, and some that it does not
pauses_ns = st.sampled_from([0, 1, MS, 250, 500, 1000, 2000, 30_000]).map(
    lambda value: value if value in (0, 1, MS) else value * MS
)


class NeighboursMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_ns = START
        self.witness = FakeWitness()
        self.table = Neighbours(IDENTITY.route, OUR_MAC, self.witness)
        self.installed: dict[IPv4Address, Mac] = {}
        self.requests: dict[IPv4Address, list[int]] = defaultdict(list)
        self.taught: dict[IPv4Address, set[Mac]] = defaultdict(set)
        self.frames_given = 0
        self.frames_sent: list[bytes] = []
        self.frames_dropped = 0

    def perform(self, actions: tuple[Action, ...]) -> None:
        for action in actions:
            match action:
                case Install(ipv4, mac):
                    assert mac in self.taught[ipv4], "installs only what was heard from that very address"
                    self.installed[ipv4] = mac
                case Forget(ipv4):
                    del self.installed[ipv4]
                case SendRequest(ipv4, mac):
                    assert mac is None or mac == self.installed[ipv4]
                    self.requests[ipv4].append(self.now_ns)
                case SendParked(frames):
                    self.frames_sent += frames
                case DropParked(frames):
                    assert frames > 0
                    self.frames_dropped += frames
                case GiveUp(ipv4):
                    assert ipv4 not in self.installed
                case _:
                    raise AssertionError(f"{action} is not the table's to want")

    @rule(ipv4=addresses)
    def the_data_path_cannot_resolve(self, ipv4: IPv4Address) -> None:
        self.frames_given += 1
        frame = unaddressed(self.frames_given.to_bytes(4, "big"))
        self.perform(self.table.send(ipv4, frame, self.now_ns))

    @rule(ipv4=addresses, mac=macs)
    def the_data_path_hints(self, ipv4: IPv4Address, mac: Mac) -> None:
        had = self.installed.get(ipv4)
        self.taught[ipv4].add(mac)
        self.perform(self.table.hint(ipv4, mac, self.now_ns))
        assert had is None or self.installed[ipv4] == had

    @rule(ipv4=st.sampled_from(ADDRESSES))
    def the_neighbour_is_heard(self, ipv4: IPv4Address) -> None:
        if ipv4 in self.installed:
            self.witness.heard.add(ipv4)

    @rule(ipv4=st.sampled_from(ADDRESSES), mac=st.sampled_from(GOOD_MACS))
    def a_flood_of_replies_comes(self, ipv4: IPv4Address, mac: Mac) -> None:
        """A confirmed MAC outlives it."""
        stands = {each.mac for each in self.table if each.ipv4 == ipv4 and each.is_confirmed}
        self.witness.disputed.add(ipv4)
        self.a_reply_comes(ipv4, mac)
        assert self.installed.get(ipv4) in stands or not stands - {None}

    @rule(ipv4=addresses, mac=macs)
    def a_reply_comes(self, ipv4: IPv4Address, mac: Mac) -> None:
        known = ipv4 in self.table
        self.taught[ipv4].add(mac)
        self.perform(self.table.replied(ipv4, mac, self.now_ns))
        assert known or ipv4 not in self.table

    @rule(ipv4=addresses, mac=macs)
    def a_request_comes(self, ipv4: IPv4Address, mac: Mac) -> None:
        known, had = ipv4 in self.table, self.installed.get(ipv4)
        self.taught[ipv4].add(mac)
        self.perform(self.table.asked(ipv4, mac, self.now_ns))
        assert known or ipv4 not in self.table
        assert had is None or self.installed[ipv4] == had

    @rule(ipv4=addresses, mac=macs)
    def an_announcement_comes(self, ipv4: IPv4Address, mac: Mac) -> None:
        known, had = ipv4 in self.table, self.installed.get(ipv4)
        self.perform(self.table.heard(ipv4, mac, self.now_ns))
        assert known or ipv4 not in self.table
        assert self.installed.get(ipv4) == had

    @rule(ipv4=st.sampled_from(ADDRESSES))
    def the_data_path_sends(self, ipv4: IPv4Address) -> None:
        if ipv4 in self.installed:
            self.witness.used.add(ipv4)

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
        assert set(self.installed) <= set(ADDRESSES)
        assert set(self.installed.values()) <= set(GOOD_MACS)

    @invariant()
    def the_data_plane_holds_exactly_what_the_table_holds(self) -> None:
        assert self.installed == {each.ipv4: each.mac for each in self.table if each.mac is not None}

    @invariant()
    def only_the_unresolved_have_frames_waiting_and_only_a_few(self) -> None:
        for neighbour in self.table:
            assert len(neighbour.parked) <= MAX_PARKED
            assert not neighbour.parked or neighbour.state is State.INCOMPLETE

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


TestNeighbours = NeighboursMachine.TestCase
TestNeighbours.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
