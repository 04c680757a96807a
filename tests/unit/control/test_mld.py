"""Queries in, reports out, as frames: which queries are accepted, and what scapy reads in our reports.
test_memberships.py tests what is reported, and when."""

from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import (
    ICMPv6MLDone,
    ICMPv6MLQuery,
    ICMPv6MLQuery2,
    ICMPv6MLReport,
    ICMPv6MLReport2,
    IPv6,
    IPv6ExtHdrHopByHop,
    RouterAlert,
)
from scapy.layers.l2 import Ether
from tests.unit.control.fakes import OUR_MAC, SECOND
from tests.unit.control.ipv6_testbed import (
    ALL_NODES,
    LINK_LOCAL,
    NOBODY6,
    OUR_GROUP,
    OURS6,
    PEER6,
    PEER_LINK_LOCAL,
    Ipv6Testbed,
    frame_of,
    sent,
    settled,
)

from aeron_dpdk.control.actions import Action, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.wire.ethernet import EthernetFrame

GROUP = IPv6Address("ff05::1234")
QUERIED, IGNORED = (Tally(Count.MLD_QUERIES),), (Tally(Count.MLD_IGNORED),)


@pytest.fixture
def testbed() -> Ipv6Testbed:
    """GROUP is heard, and has been reported."""
    testbed = settled()
    testbed.host.follow([GROUP], testbed.now_ns)
    testbed.pass_time(10 * SECOND)
    return testbed


def from_querier(
    body: ICMPv6MLQuery | ICMPv6MLQuery2 | ICMPv6MLReport | ICMPv6MLDone,
    destination: IPv6Address = ALL_NODES,
    source: IPv6Address = PEER_LINK_LOCAL,
    hop_limit: int = 1,
) -> EthernetFrame:
    alert = IPv6ExtHdrHopByHop(options=[RouterAlert(value=0)])
    return frame_of(alert / body, source, destination, hop_limit=hop_limit)


def query(group: IPv6Address | None = None) -> ICMPv6MLQuery2:
    return ICMPv6MLQuery2(mrd=1000, QRV=2, mladdr=str(group or "::"), sources_number=0)


def reported(actions: list[Action]) -> list[tuple[int, str]]:
    """Record type and group of all reports of version 2."""
    records = [
        each
        for frame in sent(actions, ICMPv6MLReport2)
        for first in frame[ICMPv6MLReport2].records
        for each in first.iterpayloads()
    ]
    return sorted((each.rtype, each.dst) for each in records)


def test_our_own_groups_are_reported_from_the_unspecified_address_first_and_then_from_ours() -> None:
    """RFC 3590 §4. By RFC 3810 §6 the groups of neighbour discovery are reported too."""
    testbed = Ipv6Testbed()
    early = testbed.pass_time(SECOND // 10)
    assert set(reported(early)) == {(4, str(OUR_GROUP))}  # again after a random delay, which may be short
    assert isinstance(early[0], SendFrame), "before the probe, which a snooping switch would keep from us"
    assert {frame[IPv6].src for frame in sent(early, ICMPv6MLReport2)} == {str(NOBODY6)}
    testbed.pass_time(SECOND)
    later = testbed.pass_time(5 * SECOND)
    assert reported(later)
    assert {frame[IPv6].src for frame in sent(later, ICMPv6MLReport2)} == {str(LINK_LOCAL)}


def test_a_join_is_a_report_to_all_v2_routers_that_does_not_leave_the_link() -> None:
    testbed = settled()
    testbed.host.follow([GROUP], testbed.now_ns)
    [frame] = sent(testbed.host.advance(testbed.now_ns), ICMPv6MLReport2)
    assert (frame.dst, frame.src) == ("33:33:00:00:00:16", str(OUR_MAC))
    assert (frame[IPv6].src, frame[IPv6].dst, frame[IPv6].hlim) == (str(LINK_LOCAL), "ff02::16", 1)
    assert frame[RouterAlert].value == 0
    [record] = frame[ICMPv6MLReport2].records
    assert (record.rtype, record.dst, record.sources) == (4, str(GROUP), [])
    rebuilt = frame.copy()
    del rebuilt[IPv6].plen, rebuilt[ICMPv6MLReport2].cksum
    assert bytes(rebuilt) == bytes(frame)


@pytest.mark.parametrize(
    "frame,groups",
    [
        pytest.param(from_querier(query()), [OUR_GROUP, GROUP], id="general"),
        pytest.param(from_querier(query(), OURS6), [OUR_GROUP, GROUP], id="to us alone"),
        pytest.param(from_querier(query(GROUP), GROUP), [GROUP], id="for the group"),
        pytest.param(from_querier(query(OUR_GROUP), OUR_GROUP), [OUR_GROUP], id="for our own"),
    ],
)
def test_a_query_is_answered(testbed: Ipv6Testbed, frame: EthernetFrame, groups: list[IPv6Address]) -> None:
    assert testbed.receive(frame) == QUERIED
    assert reported(testbed.pass_time(2 * SECOND)) == [(2, str(each)) for each in groups]


def test_a_querier_of_version_one_is_answered_in_it(testbed: Ipv6Testbed) -> None:
    assert testbed.receive(from_querier(ICMPv6MLQuery(mrd=1000))) == QUERIED
    frames = sent(testbed.pass_time(2 * SECOND), ICMPv6MLReport)
    assert sorted((each.dst, each[IPv6].dst, each[ICMPv6MLReport].mladdr) for each in frames) == [
        ("33:33:00:00:12:34", str(GROUP), str(GROUP)),
        ("33:33:ff:00:00:01", str(OUR_GROUP), str(OUR_GROUP)),
    ]
    testbed.host.follow([], testbed.now_ns)
    [done] = sent(testbed.pass_time(20 * SECOND), ICMPv6MLDone)
    assert (done[IPv6].dst, done[ICMPv6MLDone].mladdr) == ("ff02::2", str(GROUP))


def test_another_hosts_report_makes_ours_unnecessary(testbed: Ipv6Testbed) -> None:
    testbed.receive(from_querier(ICMPv6MLQuery(mrd=1000)))
    assert testbed.receive(from_querier(ICMPv6MLReport(mladdr=str(GROUP)), GROUP)) == ()
    frames: list[Ether] = sent(testbed.pass_time(20 * SECOND), ICMPv6MLReport)
    assert [each[ICMPv6MLReport].mladdr for each in frames] == [str(OUR_GROUP)]


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(from_querier(query(), hop_limit=2), id="from beyond a router"),
        pytest.param(from_querier(query(), source=PEER6), id="from a global address"),
        pytest.param(from_querier(query(), IPv6Address("ff02::5")), id="to another group"),
        pytest.param(from_querier(query(GROUP), OUR_GROUP), id="to a group it does not ask for"),
        pytest.param(from_querier(ICMPv6MLReport(mladdr="ff05::9"), IPv6Address("ff05::9")), id="of another"),
    ],
)
def test_what_is_no_query_for_us_is_counted_and_not_answered(
    testbed: Ipv6Testbed, frame: EthernetFrame
) -> None:
    assert testbed.receive(frame) == IGNORED
    assert testbed.pass_time(60 * SECOND) == []


@pytest.mark.parametrize("group", [ALL_NODES, IPv6Address("ff01::5"), IPv6Address("ff00::5")])
def test_all_nodes_and_groups_below_link_scope_are_never_reported(
    testbed: Ipv6Testbed, group: IPv6Address
) -> None:
    testbed.host.follow([GROUP, group], testbed.now_ns)
    assert testbed.pass_time(10 * SECOND) == []


def test_at_the_end_all_groups_are_left_once(testbed: Ipv6Testbed) -> None:
    assert reported(list(testbed.host.farewell())) == [(3, str(OUR_GROUP)), (3, str(GROUP))]
