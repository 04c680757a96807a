"""Which router is used: the one that is set, or else one that advertises itself and answers."""

from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import ICMPv6ND_RS, ICMPv6NDOptSrcLLAddr, IPv6
from tests.unit.control.fakes import GATEWAY_MAC, OTHER_MAC, OUR_MAC, SECOND, unaddressed
from tests.unit.control.ipv6_testbed import (
    FAR6,
    LINK_LOCAL,
    MTU,
    OTHER_ROUTER,
    PEER6,
    ROUTER,
    Ipv6Testbed,
    router_advertisement,
    sent,
    settled,
)

from aeron_dpdk.control.actions import ReportLinkMtu, SendRequest, Tally, UseGateway
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.routers import MAX_ROUTERS
from aeron_dpdk.wire.ethernet import EthernetFrame, Mac

HEARD = Tally(Count.NDP_ROUTER_ADVERTISEMENTS)
IGNORED = (Tally(Count.NDP_IGNORED),)


@pytest.fixture
def testbed() -> Ipv6Testbed:
    return settled()


def gateway(testbed: Ipv6Testbed) -> IPv6Address | None:
    return testbed.host.identity.routing.gateway


def test_routers_are_asked_three_times_four_seconds_apart() -> None:
    """RFC 4861 §6.3.7."""
    testbed = Ipv6Testbed()
    [first] = sent(testbed.pass_time(2 * SECOND), ICMPv6ND_RS)
    assert (first.dst, first.src) == ("33:33:00:00:00:02", str(OUR_MAC))
    assert (first[IPv6].src, first[IPv6].dst, first[IPv6].hlim) == (str(LINK_LOCAL), "ff02::2", 255)
    assert first[ICMPv6NDOptSrcLLAddr].lladdr == str(OUR_MAC)
    assert len(sent(testbed.pass_time(60 * SECOND), ICMPv6ND_RS)) == 2


def test_the_first_router_that_answers_is_used_and_no_more_are_asked() -> None:
    testbed = Ipv6Testbed()
    testbed.pass_time(2 * SECOND)
    assert testbed.receive(router_advertisement()) == (HEARD, UseGateway(ROUTER))
    assert sent(testbed.pass_time(60 * SECOND), ICMPv6ND_RS) == []
    assert testbed.host.identity.routing.next_hop(FAR6) == ROUTER


def test_another_router_takes_over_when_the_lifetime_of_the_first_ends(testbed: Ipv6Testbed) -> None:
    testbed.receive(router_advertisement(lifetime_s=60))
    assert testbed.receive(router_advertisement(OTHER_ROUTER, OTHER_MAC, 90)) == (HEARD,), "the first lives"
    assert UseGateway(OTHER_ROUTER) in testbed.pass_time(61 * SECOND)
    actions = testbed.pass_time(60 * SECOND)
    assert UseGateway(None) in actions
    assert len(sent(actions, ICMPv6ND_RS)) == 3
    assert gateway(testbed) is None


def test_a_router_that_goes_on_advertising_stays_in_use(testbed: Ipv6Testbed) -> None:
    testbed.receive(router_advertisement(lifetime_s=60))
    for _ in range(5):
        assert testbed.pass_time(50 * SECOND) == []
        assert testbed.receive(router_advertisement(lifetime_s=60)) == (HEARD,)
    assert gateway(testbed) == ROUTER


def test_a_router_with_a_lifetime_of_zero_is_not_used(testbed: Ipv6Testbed) -> None:
    testbed.receive(router_advertisement())
    assert testbed.receive(router_advertisement(lifetime_s=0)) == (HEARD, UseGateway(None))


def silence(testbed: Ipv6Testbed) -> list[object]:
    """The router in use is needed, and answers no solicitation."""
    testbed.host.neighbours.send(ROUTER, unaddressed(b""), testbed.now_ns)
    return list(testbed.pass_time(5 * SECOND))


def test_a_router_that_answers_no_solicitation_is_replaced(testbed: Ipv6Testbed) -> None:
    """RFC 4861 §6.3.6."""
    testbed.receive(router_advertisement())
    testbed.receive(router_advertisement(OTHER_ROUTER, OTHER_MAC))
    assert UseGateway(OTHER_ROUTER) in silence(testbed)


def test_a_silent_router_is_better_than_none(testbed: Ipv6Testbed) -> None:
    testbed.receive(router_advertisement())
    assert not any(isinstance(each, UseGateway) for each in silence(testbed))
    assert gateway(testbed) == ROUTER


def test_a_router_that_is_set_is_the_router_whatever_others_advertise() -> None:
    testbed = Ipv6Testbed(ROUTER)
    actions = testbed.pass_time(20 * SECOND)
    assert UseGateway(ROUTER) in actions
    assert sent(actions, ICMPv6ND_RS) == []
    assert testbed.receive(router_advertisement(OTHER_ROUTER)) == IGNORED
    assert gateway(testbed) == ROUTER


# ---- forged ----


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(router_advertisement(hop_limit=254), id="from beyond a router"),
        pytest.param(router_advertisement(PEER6), id="from a global address"),
        pytest.param(router_advertisement(LINK_LOCAL), id="from our own address"),
        pytest.param(router_advertisement(destination=IPv6Address("ff02::5")), id="to another group"),
        pytest.param(router_advertisement(to=OTHER_MAC), id="to another station"),
    ],
)
def test_an_advertisement_that_no_router_sends_is_ignored(testbed: Ipv6Testbed, frame: EthernetFrame) -> None:
    assert testbed.receive(frame) == IGNORED
    assert gateway(testbed) is None


@pytest.mark.parametrize("lifetime_s", [0, 1800])
def test_an_advertisement_from_another_mac_than_the_routers_own_is_ignored(
    testbed: Ipv6Testbed, lifetime_s: int
) -> None:
    testbed.receive(router_advertisement())
    testbed.resolve(ROUTER, GATEWAY_MAC)
    testbed.now_ns += 2 * SECOND
    forged = testbed.receive(router_advertisement(mac=OTHER_MAC, lifetime_s=lifetime_s))
    assert forged == (*IGNORED, SendRequest(ROUTER, GATEWAY_MAC))
    assert gateway(testbed) == ROUTER


def test_a_flood_of_routers_leaves_the_one_in_use_and_takes_little_room(testbed: Ipv6Testbed) -> None:
    testbed.receive(router_advertisement())
    for i in range(1000):
        testbed.receive(
            router_advertisement(OTHER_ROUTER + i, Mac(b"\x02\x00\x00\x00" + i.to_bytes(2, "big")))
        )
    assert gateway(testbed) == ROUTER
    assert testbed.receive(router_advertisement(OTHER_ROUTER + MAX_ROUTERS)) == IGNORED
    assert testbed.receive(router_advertisement(lifetime_s=1800)) == (HEARD,)


def test_a_router_that_comes_and_goes_all_the_time_causes_a_solicitation_each_four_seconds(
    testbed: Ipv6Testbed,
) -> None:
    solicitations = 0
    for _ in range(100):
        testbed.receive(router_advertisement())
        testbed.receive(router_advertisement(lifetime_s=0))
        solicitations += len(sent(testbed.pass_time(SECOND // 10), ICMPv6ND_RS))
    assert 1 <= solicitations <= 4


def test_a_link_mtu_below_ours_is_reported_once(testbed: Ipv6Testbed) -> None:
    assert ReportLinkMtu(ROUTER, 1400) in testbed.receive(router_advertisement(mtu=1400))
    assert testbed.receive(router_advertisement(mtu=1400)) == (HEARD,)
    assert testbed.receive(router_advertisement(mtu=MTU)) == (HEARD,)
