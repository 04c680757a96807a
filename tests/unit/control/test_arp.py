from ipaddress import IPv4Address

import pytest
from scapy.layers.l2 import ARP, Ether
from tests.unit.control.fakes import (
    FAR,
    IDENTITY,
    MS,
    NOBODY,
    OTHER_HOST,
    OTHER_MAC,
    OUR_MAC,
    OURS,
    PEER,
    PEER_MAC,
    SECOND,
    START,
    FakeDataPlane,
    arp_reply,
    arp_request,
    gratuitous_arp,
    unaddressed,
)

from aeron_dpdk.control.actions import Action, Install, ReportConflict, SendFrame, SendRequest, Tally
from aeron_dpdk.control.arp import (
    DEFEND_INTERVAL_NS,
    REPLIES_AT_ONCE,
    REPLIES_PER_SECOND,
    ArpResponder,
    request_frame,
)
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, Mac

IGNORED = (Tally(Count.ARP_IGNORED),)
MULTICAST = Mac.from_text("01:00:5e:00:00:01")
OTHER_HOST_MAC = OTHER_MAC


class Testbed:
    def __init__(self) -> None:
        self.neighbours = Neighbours(IDENTITY.routing, OUR_MAC, FakeDataPlane())
        self.arp = ArpResponder(IDENTITY, self.neighbours)

    def receive(self, frame: bytes, now_ns: int = START) -> tuple[Action, ...]:
        return self.arp.receive(EthernetFrame.parse(frame), now_ns)

    def resolve(self, ipv4: IPv4Address, mac: Mac) -> None:
        self.neighbours.send(ipv4, unaddressed(b""), START)
        self.neighbours.replied(ipv4, mac, START)


@pytest.fixture
def testbed() -> Testbed:
    return Testbed()


def reply_in(actions: tuple[Action, ...]) -> Ether:
    """The only action, an ARP reply, as scapy sees it."""
    (action,) = actions
    assert isinstance(action, SendFrame)
    assert action.what is Count.ARP_REPLIES_SENT
    return Ether(action.frame)


# ---- answering ----


def test_a_request_for_our_address_is_answered_to_its_sender(testbed: Testbed) -> None:
    request = bytes(
        Ether(src=str(OTHER_HOST_MAC), dst="ff:ff:ff:ff:ff:ff")
        / ARP(op="who-has", hwsrc=str(OTHER_HOST_MAC), psrc=str(OTHER_HOST), pdst=str(OURS))
    )
    reply = reply_in(testbed.receive(request))
    assert (reply.dst, reply.src) == (str(OTHER_HOST_MAC), str(OUR_MAC))
    assert (reply[ARP].op, reply[ARP].hwsrc, reply[ARP].psrc) == (2, str(OUR_MAC), str(OURS))
    assert (reply[ARP].hwdst, reply[ARP].pdst) == (str(OTHER_HOST_MAC), str(OTHER_HOST))


def test_a_unicast_request_is_answered_too(testbed: Testbed) -> None:
    reply = reply_in(testbed.receive(arp_request(OTHER_HOST, OTHER_HOST_MAC, OURS, destination=OUR_MAC)))
    assert reply.dst == str(OTHER_HOST_MAC)


def test_a_padded_request_is_answered(testbed: Testbed) -> None:
    reply_in(testbed.receive(arp_request(OTHER_HOST, OTHER_HOST_MAC, OURS) + bytes(18)))


def test_a_probe_for_our_address_is_answered_so_that_nobody_else_takes_it(testbed: Testbed) -> None:
    reply = reply_in(testbed.receive(arp_request(NOBODY, OTHER_HOST_MAC, OURS)))
    assert (reply.dst, reply[ARP].pdst) == (str(OTHER_HOST_MAC), str(NOBODY))


def test_a_request_for_another_address_is_ignored(testbed: Testbed) -> None:
    assert testbed.receive(arp_request(OTHER_HOST, OTHER_HOST_MAC, PEER)) == IGNORED


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(arp_request(OTHER_HOST, BROADCAST, OURS), id="from the broadcast MAC"),
        pytest.param(arp_request(OTHER_HOST, MULTICAST, OURS), id="from a multicast MAC"),
        pytest.param(arp_request(OTHER_HOST, UNSPECIFIED, OURS), id="from the zero MAC"),
        pytest.param(arp_request(OTHER_HOST, OUR_MAC, OURS), id="from our own MAC"),
        pytest.param(arp_request(IPv4Address("224.0.0.1"), OTHER_MAC, OURS), id="from a multicast address"),
        pytest.param(
            arp_request(IPv4Address("255.255.255.255"), OTHER_MAC, OURS), id="from the broadcast address"
        ),
        pytest.param(arp_request(IPv4Address("127.0.0.1"), OTHER_MAC, OURS), id="from loopback"),
        pytest.param(arp_reply(NOBODY, OTHER_MAC), id="a reply from 0.0.0.0"),
        pytest.param(
            arp_request(OTHER_HOST, OTHER_MAC, OURS, destination=PEER_MAC), id="sent to another station"
        ),
        pytest.param(
            arp_request(OTHER_HOST, OTHER_MAC, OURS, destination=MULTICAST), id="sent to a multicast MAC"
        ),
    ],
)
def test_garbage_is_ignored_not_answered(testbed: Testbed, frame: bytes) -> None:
    assert testbed.receive(frame) == IGNORED


def test_a_flood_of_requests_is_answered_only_at_the_rate_limit(testbed: Testbed) -> None:
    request = arp_request(OTHER_HOST, OTHER_HOST_MAC, OURS)
    actions = [action for i in range(20_000) for action in testbed.receive(request, START + i * 100_000)]
    replies = sum(isinstance(action, SendFrame) for action in actions)
    assert REPLIES_PER_SECOND <= replies <= REPLIES_AT_ONCE + 2 * REPLIES_PER_SECOND
    assert actions.count(Tally(Count.CONTROL_RATE_LIMITED)) == 20_000 - replies


# ---- learning ----


def test_a_reply_to_our_request_installs_the_neighbour(testbed: Testbed) -> None:
    testbed.neighbours.send(PEER, unaddressed(b""), START)
    assert Install(PEER, PEER_MAC) in testbed.receive(arp_reply(PEER, PEER_MAC))


def test_an_unsolicited_reply_is_ignored(testbed: Testbed) -> None:
    assert testbed.receive(arp_reply(OTHER_HOST, OTHER_HOST_MAC)) == IGNORED
    assert OTHER_HOST not in testbed.neighbours


def test_a_gratuitous_reply_is_no_answer_to_our_request(testbed: Testbed) -> None:
    testbed.neighbours.send(PEER, unaddressed(b""), START)
    assert testbed.receive(arp_reply(PEER, PEER_MAC, target=PEER, destination=BROADCAST)) == ()


def test_requests_from_other_hosts_create_no_neighbours(testbed: Testbed) -> None:
    for i in range(100):
        testbed.receive(arp_request(IPv4Address("10.0.0.100") + i, OTHER_HOST_MAC, OURS))
    assert len(testbed.neighbours) == 0


def test_a_request_from_an_off_link_address_is_answered_but_not_learned(testbed: Testbed) -> None:
    reply_in(testbed.receive(arp_request(FAR, OTHER_HOST_MAC, OURS)))
    assert FAR not in testbed.neighbours


def test_a_neighbour_that_asks_for_us_from_another_mac_is_answered_and_probed(testbed: Testbed) -> None:
    testbed.resolve(PEER, PEER_MAC)
    reply, probe = testbed.receive(arp_request(PEER, OTHER_MAC, OURS), START + 2 * SECOND)
    assert isinstance(reply, SendFrame)
    assert probe == SendRequest(PEER, PEER_MAC)


def test_a_neighbour_that_announces_another_mac_is_probed_at_the_old_one(testbed: Testbed) -> None:
    testbed.resolve(PEER, PEER_MAC)
    assert testbed.receive(gratuitous_arp(PEER, OTHER_MAC), START + 2 * SECOND) == (
        SendRequest(PEER, PEER_MAC),
    )


# ---- our own address ----


def test_scapy_reads_our_request(testbed: Testbed) -> None:
    for mac, destination in ((None, BROADCAST), (PEER_MAC, PEER_MAC)):
        seen = Ether(request_frame(IDENTITY, PEER, mac))
        assert (seen.dst, seen.src) == (str(destination), str(OUR_MAC))
        assert (seen[ARP].op, seen[ARP].hwsrc, seen[ARP].psrc) == (1, str(OUR_MAC), str(OURS))
        assert (seen[ARP].hwdst, seen[ARP].pdst) == (str(UNSPECIFIED), str(PEER))


def test_our_address_is_announced_twice_two_seconds_apart(testbed: Testbed) -> None:
    announcement = SendFrame(gratuitous_arp(OURS, OUR_MAC), Count.ARP_REQUESTS_SENT)
    assert testbed.arp.due_ns > START
    testbed.arp.announce(START)
    assert testbed.arp.due_ns <= START
    assert testbed.arp.advance(START) == (announcement,)
    assert testbed.arp.advance(START + 2 * SECOND - MS) == ()
    assert testbed.arp.advance(START + 2 * SECOND) == (announcement,)
    assert testbed.arp.due_ns > START + 3600 * SECOND


@pytest.mark.parametrize(
    "frame",
    [gratuitous_arp(OURS, OTHER_MAC), arp_request(OURS, OTHER_MAC, PEER), arp_reply(OURS, OTHER_MAC)],
    ids=["an announcement", "a request", "a reply"],
)
def test_another_user_of_our_address_is_counted_reported_and_answered(testbed: Testbed, frame: bytes) -> None:
    assert testbed.receive(frame) == (
        Tally(Count.ARP_CONFLICT),
        ReportConflict(OURS, OTHER_MAC),
        SendFrame(gratuitous_arp(OURS, OUR_MAC), Count.ARP_REQUESTS_SENT),
    )


def test_our_address_is_defended_at_most_every_ten_seconds_and_one_offender_reported_once(
    testbed: Testbed,
) -> None:
    conflict = gratuitous_arp(OURS, OTHER_MAC)
    testbed.receive(conflict, START)
    assert testbed.receive(conflict, START + DEFEND_INTERVAL_NS - 1) == (Tally(Count.ARP_CONFLICT),)
    later = testbed.receive(conflict, START + DEFEND_INTERVAL_NS)
    assert [type(action) for action in later] == [Tally, SendFrame]


def test_our_own_announcement_coming_back_is_no_conflict(testbed: Testbed) -> None:
    assert testbed.receive(gratuitous_arp(OURS, OUR_MAC)) == IGNORED
