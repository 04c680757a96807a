from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import Ether
from tests.unit.control.fakes import (
    FAR,
    GATEWAY,
    GATEWAY_MAC,
    IDENTITY,
    OTHER_MAC,
    OUR_MAC,
    OURS,
    PEER,
    PEER_MAC,
    START,
    FakeDataPlane,
    echo_request,
)

from aeron_dpdk.control.actions import Action, DropParked, Install, SendFrame, SendParked, SendRequest, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.icmp import ECHOES_AT_ONCE, ECHOES_PER_SECOND, MAX_ECHO_PAYLOAD, IcmpResponder
from aeron_dpdk.control.neighbour import REQUEST_GAPS_NS
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.routing import Identity, Routing
from aeron_dpdk.wire.ethernet import BROADCAST, EthernetFrame, Mac
from aeron_dpdk.wire.packet import Malformed

IGNORED = (Tally(Count.ICMP_IGNORED),)


class Testbed:
    def __init__(self, identity: Identity = IDENTITY) -> None:
        self.neighbours = Neighbours(identity.routing, identity.mac, FakeDataPlane())
        self.icmp = IcmpResponder(identity, self.neighbours)

    def receive(self, frame: EthernetFrame | Ether, now_ns: int = START) -> tuple[Action, ...]:
        return self.icmp.receive(
            EthernetFrame.parse(bytes(frame)) if isinstance(frame, Ether) else frame, now_ns
        )


@pytest.fixture
def testbed() -> Testbed:
    return Testbed()


def from_peer(packet: IP) -> Ether:
    return Ether(src=str(PEER_MAC), dst=str(OUR_MAC)) / packet


def assert_reply(frame: bytes, destination: Mac, payload: bytes) -> None:
    """Asserts that `frame` is an echo reply from us, with the checksums that scapy computes."""
    seen = Ether(frame)
    assert (seen.dst, seen.src, seen[IP].src) == (str(destination), str(OUR_MAC), str(OURS))
    assert (seen[ICMP].type, seen[ICMP].code, bytes(seen[ICMP].payload)) == (0, 0, payload)
    rebuilt = seen.copy()
    del rebuilt[IP].chksum, rebuilt[IP].len, rebuilt[ICMP].chksum
    assert bytes(rebuilt) == frame


# ---- echo ----


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 255), st.binary(max_size=1472))
def test_a_ping_is_answered_with_what_it_carried(
    identifier: int, sequence: int, tos: int, payload: bytes
) -> None:
    packet = IP(src=str(PEER), dst=str(OURS), tos=tos) / ICMP(type=8, id=identifier, seq=sequence) / payload
    (action,) = Testbed().receive(from_peer(packet))
    assert isinstance(action, SendFrame)
    assert action.what is Count.ICMP_ECHO_REPLIES
    assert_reply(action.frame, PEER_MAC, payload)
    reply = Ether(action.frame)
    assert (reply[IP].dst, reply[IP].tos) == (str(PEER), tos)
    assert (reply[ICMP].id, reply[ICMP].seq) == (identifier, sequence)


def test_the_padding_of_a_short_ping_is_not_echoed(testbed: Testbed) -> None:
    padded = EthernetFrame.parse(echo_request(PEER, PEER_MAC, b"x").emit() + bytes(17))
    (action,) = testbed.receive(padded)
    assert isinstance(action, SendFrame)
    assert_reply(action.frame, PEER_MAC, b"x")


def test_the_reply_to_a_ping_from_beyond_the_gateway_waits_for_the_gateways_mac(testbed: Testbed) -> None:
    assert testbed.receive(echo_request(FAR, OTHER_MAC)) == (
        Tally(Count.ICMP_ECHO_REPLIES),
        SendRequest(GATEWAY, None),
    )
    install, sent = testbed.neighbours.replied(GATEWAY, GATEWAY_MAC, START)
    assert install == Install(GATEWAY, GATEWAY_MAC)
    assert isinstance(sent, SendParked)
    assert_reply(sent.frames[0], GATEWAY_MAC, b"ping")


def test_the_reply_to_a_ping_from_beyond_the_gateway_goes_to_a_known_gateway_at_once(
    testbed: Testbed,
) -> None:
    testbed.neighbours.hint(GATEWAY, GATEWAY_MAC, START)
    _, sent = testbed.receive(echo_request(FAR, OTHER_MAC))
    assert isinstance(sent, SendParked)
    assert_reply(sent.frames[0], GATEWAY_MAC, b"ping")


def test_a_jumbo_ping_is_answered_and_a_larger_one_is_not(testbed: Testbed) -> None:
    (action,) = testbed.receive(echo_request(PEER, PEER_MAC, bytes(MAX_ECHO_PAYLOAD)))
    assert isinstance(action, SendFrame)
    assert testbed.receive(echo_request(PEER, PEER_MAC, bytes(MAX_ECHO_PAYLOAD + 1))) == IGNORED


def test_a_flood_of_pings_is_answered_only_at_the_rate_limit(testbed: Testbed) -> None:
    actions = [
        action
        for i in range(20_000)
        for action in testbed.receive(echo_request(PEER, PEER_MAC), START + i * 50_000)
    ]
    replies = sum(isinstance(action, SendFrame) for action in actions)
    assert ECHOES_PER_SECOND <= replies <= ECHOES_AT_ONCE + ECHOES_PER_SECOND
    assert actions.count(Tally(Count.CONTROL_RATE_LIMITED)) == 20_000 - replies


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(echo_request(PEER, PEER_MAC, destination=PEER), id="for another address"),
        pytest.param(replace(echo_request(PEER, PEER_MAC), destination=BROADCAST), id="to all stations"),
        pytest.param(replace(echo_request(PEER, PEER_MAC), destination=OTHER_MAC), id="to another station"),
        pytest.param(replace(echo_request(PEER, PEER_MAC), source=BROADCAST), id="from the broadcast MAC"),
        pytest.param(from_peer(IP(src="10.0.0.255", dst=str(OURS)) / ICMP()), id="from the subnet broadcast"),
        pytest.param(from_peer(IP(src="224.0.0.1", dst=str(OURS)) / ICMP()), id="from a group"),
        pytest.param(from_peer(IP(src="0.0.0.0", dst=str(OURS)) / ICMP()), id="from nobody"),
        pytest.param(from_peer(IP(src=str(OURS), dst=str(OURS)) / ICMP()), id="from ourselves"),
        pytest.param(from_peer(IP(src=str(PEER), dst=str(OURS), flags="MF") / ICMP()), id="a first fragment"),
        pytest.param(from_peer(IP(src=str(PEER), dst=str(OURS), frag=8) / b"rest"), id="a last fragment"),
        pytest.param(
            from_peer(
                IP(src=str(PEER), dst=str(OURS), options=b"\x83\x07\x04" + FAR.packed + b"\0") / ICMP()
            ),
            id="along a source route",
        ),
        pytest.param(from_peer(IP(src=str(PEER), dst=str(OURS), proto=2) / bytes(8)), id="IGMP"),
        pytest.param(
            from_peer(IP(src=str(PEER), dst=str(OURS)) / ICMP(type="echo-reply")), id="an echo reply"
        ),
        pytest.param(from_peer(IP(src=str(PEER), dst=str(OURS)) / ICMP(type="redirect")), id="a redirect"),
        pytest.param(from_peer(IP(src=str(PEER), dst=str(OURS)) / ICMP(type=13)), id="a timestamp request"),
    ],
)
def test_anything_else_is_counted_and_not_answered(testbed: Testbed, frame: EthernetFrame | Ether) -> None:
    assert testbed.receive(frame) == IGNORED


def test_a_ping_whose_sender_cannot_be_reached_is_ignored() -> None:
    testbed = Testbed(Identity(OUR_MAC, Routing(OURS, 24, None)))
    assert testbed.receive(echo_request(FAR, OTHER_MAC)) == IGNORED


def test_a_ping_through_a_gateway_that_failed_is_dropped_and_counted(testbed: Testbed) -> None:
    testbed.neighbours.send(GATEWAY, b"", START)
    now_ns = START
    for gap_ns in REQUEST_GAPS_NS:
        now_ns += gap_ns
        testbed.neighbours.advance(now_ns)
    assert testbed.receive(echo_request(FAR, OTHER_MAC), now_ns)[1:] == (DropParked(1),)


# ---- errors that others report ----


def test_unreachable_and_fragmentation_needed_are_counted_apart(testbed: Testbed) -> None:
    about_us = bytes(IP(src=str(OURS), dst=str(PEER)) / b"12345678")
    for code, count in (
        (3, Count.ICMP_UNREACHABLE),
        (1, Count.ICMP_UNREACHABLE),
        (4, Count.ICMP_FRAGMENTATION_NEEDED),
    ):
        packet = IP(src=str(GATEWAY), dst=str(OURS)) / ICMP(type=3, code=code) / about_us
        assert testbed.receive(from_peer(packet)) == (Tally(count),)


# ---- malformed ----


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(echo_request(PEER, PEER_MAC).payload[:27], id="cut within the ICMP header"),
        pytest.param(echo_request(PEER, PEER_MAC).payload[:10], id="cut within the IPv4 header"),
        pytest.param(bytes(IP(src=str(PEER), dst=str(OURS), proto=1) / b"1234"), id="too short for ICMP"),
        pytest.param(bytes(IP(src=str(PEER), dst=str(OURS)) / ICMP(chksum=1)), id="a wrong ICMP checksum"),
        pytest.param(bytes(IP(src=str(PEER), dst=str(OURS), chksum=1) / ICMP()), id="a wrong IPv4 checksum"),
    ],
)
def test_a_malformed_message_raises_malformed(testbed: Testbed, payload: bytes) -> None:
    with pytest.raises(Malformed):
        testbed.receive(replace(echo_request(PEER, PEER_MAC), payload=payload))
