from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import (
    UDP,
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    IPv6,
)
from tests.unit.control.fakes import GATEWAY_MAC, OTHER_MAC, OUR_MAC, PEER_MAC
from tests.unit.control.ipv6_testbed import (
    ALL_NODES,
    FAR6,
    LINK_LOCAL,
    OTHER_HOST6,
    OURS6,
    PEER6,
    PEER_LINK_LOCAL,
    ROUTER,
    Ipv6Testbed,
    frame_of,
    sent,
    settled,
)

from aeron_dpdk.control.actions import Action, ReportTooBig, SendFrame, SendParked, SendRequest, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.icmpv6 import ECHOES_AT_ONCE, ECHOES_PER_SECOND, MAX_ECHO_PAYLOAD
from aeron_dpdk.wire.ethernet import EthernetFrame

IGNORED = (Tally(Count.ICMPV6_IGNORED),)


@pytest.fixture
def testbed() -> Ipv6Testbed:
    return settled(ROUTER)


def echo(source: IPv6Address = PEER6, destination: IPv6Address = OURS6, **fields: object) -> EthernetFrame:
    body = ICMPv6EchoRequest(id=7, seq=9, data=b"ping")
    return frame_of(body, source, destination, **fields)  # type: ignore[arg-type]


def about(cited: IPv6, body: ICMPv6PacketTooBig | ICMPv6DestUnreach) -> EthernetFrame:
    return frame_of(body / cited, ROUTER, OURS6, GATEWAY_MAC, hop_limit=64)


@pytest.mark.parametrize("ours,peer", [(OURS6, PEER6), (LINK_LOCAL, PEER_LINK_LOCAL)])
def test_an_echo_is_answered_from_the_address_it_was_for(
    testbed: Ipv6Testbed, ours: IPv6Address, peer: IPv6Address
) -> None:
    [reply] = sent(testbed.receive(echo(peer, ours)), ICMPv6EchoReply)
    assert (reply.dst, reply.src) == (str(PEER_MAC), str(OUR_MAC))
    assert (reply[IPv6].src, reply[IPv6].dst) == (str(ours), str(peer))
    answer = reply[ICMPv6EchoReply]
    assert (answer.id, answer.seq, answer.data) == (7, 9, b"ping")
    rebuilt = reply.copy()
    del rebuilt[IPv6].plen, rebuilt[ICMPv6EchoReply].cksum
    assert bytes(rebuilt) == bytes(reply)


def test_an_echo_from_beyond_the_link_is_answered_through_the_gateway(testbed: Ipv6Testbed) -> None:
    actions = testbed.receive(echo(FAR6, mac=GATEWAY_MAC))
    assert SendRequest(ROUTER, None) in actions
    testbed.host.neighbours.replied(ROUTER, GATEWAY_MAC, testbed.now_ns)
    assert any(isinstance(each, SendParked) for each in testbed.receive(echo(FAR6, mac=GATEWAY_MAC)))


def test_a_flood_of_echoes_is_answered_only_at_the_rate_limit(testbed: Ipv6Testbed) -> None:
    frame = echo()
    actions: list[Action] = []
    for i in range(20_000):
        actions += testbed.host.receive(frame, testbed.now_ns + i * 100_000)
    replies = sum(isinstance(each, SendFrame) for each in actions)
    assert ECHOES_PER_SECOND <= replies <= ECHOES_AT_ONCE + 2 * ECHOES_PER_SECOND
    assert actions.count(Tally(Count.CONTROL_RATE_LIMITED)) == 20_000 - replies


def test_a_packet_that_was_too_big_is_counted_and_reported_with_the_size_that_fits(
    testbed: Ipv6Testbed,
) -> None:
    cited = IPv6(src=str(OURS6), dst=str(FAR6)) / UDP()
    assert testbed.receive(about(cited, ICMPv6PacketTooBig(mtu=1400))) == (
        Tally(Count.ICMPV6_PACKET_TOO_BIG),
        ReportTooBig(FAR6, 1400),
    )


def test_an_unreachable_is_counted(testbed: Ipv6Testbed) -> None:
    cited = IPv6(src=str(OURS6), dst=str(FAR6)) / UDP()
    assert testbed.receive(about(cited, ICMPv6DestUnreach())) == (Tally(Count.ICMPV6_UNREACHABLE),)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(echo(destination=ALL_NODES), id="to all"),
        pytest.param(echo(destination=OTHER_HOST6), id="to another address"),
        pytest.param(echo(to=OTHER_MAC), id="to another station"),
        pytest.param(echo(IPv6Address("::1")), id="from loopback"),
        pytest.param(echo(OURS6), id="from ourselves"),
        pytest.param(
            frame_of(ICMPv6EchoRequest(data=bytes(MAX_ECHO_PAYLOAD + 1)), PEER6, OURS6), id="too long"
        ),
        pytest.param(frame_of(ICMPv6EchoReply(), PEER6, OURS6), id="an unsolicited reply"),
        pytest.param(
            about(IPv6(src=str(PEER6), dst=str(FAR6)), ICMPv6PacketTooBig(mtu=1400)), id="not our packet"
        ),
        pytest.param(frame_of(ICMPv6PacketTooBig(mtu=1400), ROUTER, OURS6), id="cites nothing"),
    ],
)
def test_anything_else_is_ignored(testbed: Ipv6Testbed, frame: EthernetFrame) -> None:
    assert testbed.receive(frame) == IGNORED
