"""Queries in, reports out, as frames: which queries are accepted, and what scapy reads in our reports."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from scapy.layers.igmp import IGMP, IGMPv3_MQ
from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from tests.unit.control.fakes import (
    IDENTITY,
    MS,
    OUR_MAC,
    OURS,
    PEER,
    PEER_MAC,
    SECOND,
    START,
    FakeDataPlane,
    ManualClock,
    received,
)

from aeron_dpdk.control.actions import Action, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.igmp import IgmpHost
from aeron_dpdk.control.loop import ControlLoop
from aeron_dpdk.wire.ethernet import EthernetFrame

GROUP, OTHER = IPv4Address("239.129.2.3"), IPv4Address("239.129.2.4")
QUERIED, IGNORED = (Tally(Count.IGMP_QUERIES),), (Tally(Count.IGMP_IGNORED),)


def host(*groups: IPv4Address) -> IgmpHost:
    """A host whose groups have been reported."""
    made = IgmpHost(IDENTITY)
    made.follow(groups, START - 100 * SECOND)
    for elapsed in (100, 50):
        made.advance(START - elapsed * SECOND)
    return made


def from_querier(message: Packet, destination: str = "224.0.0.1", **ipv4: object) -> EthernetFrame:
    fields = {"src": str(PEER), "dst": destination, "ttl": 1, "options": [IPOption_Router_Alert()]} | ipv4
    return EthernetFrame.parse(
        bytes(Ether(src=str(PEER_MAC), dst="01:00:5e:00:00:01") / IP(**fields) / message)
    )


def general_query(**ipv4: object) -> EthernetFrame:
    return from_querier(IGMPv3_MQ(mrcode=10, qrv=2), **ipv4)  # type: ignore[arg-type]


def sent(actions: tuple[Action, ...]) -> list[Ether]:
    assert all(isinstance(each, SendFrame) and each.what is Count.IGMP_REPORTS_SENT for each in actions)
    return [Ether(each.frame) for each in actions if isinstance(each, SendFrame)]


def test_a_join_is_a_report_to_all_v3_routers_that_does_not_leave_the_link() -> None:
    made = IgmpHost(IDENTITY)
    made.follow([GROUP], START)
    [frame] = sent(made.advance(START))
    assert (frame.dst, frame.src) == ("01:00:5e:00:00:16", str(OUR_MAC))
    ipv4 = frame[IP]
    assert (ipv4.src, ipv4.dst, ipv4.ttl, ipv4.tos) == (str(OURS), "224.0.0.22", 1, 0xC0)
    assert [type(option) for option in ipv4.options] == [IPOption_Router_Alert]
    [record] = frame[IGMP].records
    assert (record.rtype, record.maddr, record.srcaddrs) == (4, str(GROUP), [])
    rebuilt = frame.copy()
    del rebuilt[IP].chksum, rebuilt[IP].len, rebuilt[IGMP].chksum
    assert bytes(rebuilt) == bytes(frame)


def test_a_report_of_version_two_goes_to_the_group_and_its_mac() -> None:
    made = host(GROUP)
    assert made.receive(from_querier(IGMP(type=0x11, mrcode=10)), START) == QUERIED
    [frame] = sent(made.advance(START + SECOND))
    assert (frame.dst, frame[IP].dst) == ("01:00:5e:01:02:03", str(GROUP))
    assert (frame[IGMP].type, frame[IGMP].gaddr) == (0x16, str(GROUP))


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(general_query(), id="general"),
        pytest.param(general_query(src="0.0.0.0"), id="from a switch without an address"),
        pytest.param(general_query(options=[]), id="without router alert"),
        pytest.param(general_query(dst=str(OURS)), id="to us alone"),
        pytest.param(from_querier(IGMPv3_MQ(gaddr=str(GROUP), mrcode=10), str(GROUP)), id="for the group"),
        pytest.param(
            from_querier(IGMPv3_MQ(gaddr=str(GROUP), mrcode=10, srcaddrs=[str(PEER)]), str(GROUP)),
            id="for the group and a source",
        ),
    ],
)
def test_a_query_is_answered(query: EthernetFrame) -> None:
    made = host(GROUP)
    assert made.receive(query, START) == QUERIED
    [frame] = sent(made.advance(START + SECOND))
    assert [each.maddr for each in frame[IGMP].records] == [str(GROUP)]


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(general_query(ttl=2), id="from beyond a router"),
        pytest.param(general_query(dst="224.0.0.5"), id="to another group"),
        pytest.param(general_query(flags="MF"), id="fragment"),
        pytest.param(
            from_querier(IGMPv3_MQ(gaddr=str(GROUP)), str(OTHER)), id="to a group it does not ask for"
        ),
        pytest.param(
            from_querier(IGMP(type=0x16, gaddr=str(OTHER)), str(OTHER)), id="report of another group"
        ),
        pytest.param(
            from_querier(IGMP(type=0x16, gaddr=str(GROUP)), str(OTHER)), id="report to another group"
        ),
        pytest.param(from_querier(IGMP(type=0x17, gaddr=str(GROUP)), str(GROUP)), id="leave"),
    ],
)
def test_what_is_no_query_for_us_is_counted_and_not_answered(packet: EthernetFrame) -> None:
    made = host(GROUP)
    assert made.receive(packet, START) == IGNORED
    assert made.advance(START + 60 * SECOND) == ()


def test_another_hosts_report_makes_ours_unnecessary() -> None:
    made = host(GROUP)
    made.receive(from_querier(IGMP(type=0x11, mrcode=100)), START)
    made.receive(from_querier(IGMP(type=0x16, gaddr=str(GROUP)), str(GROUP)), START)
    assert made.advance(START + 60 * SECOND) == ()


# ---- in the control loop ----


class Testbed:
    def __init__(self) -> None:
        self.data_plane = FakeDataPlane()
        self.clock = ManualClock()
        self.loop = ControlLoop(self.data_plane, IDENTITY, self.clock)
        self.pass_time(5 * SECOND)

    def pass_time(self, duration_ns: int, step_ns: int = 100 * MS) -> list[Ether]:
        """Returns the IGMP frames that are sent meanwhile."""
        for _ in range(duration_ns // step_ns):
            self.clock.now_ns += step_ns
            self.loop.tick()
        return [frame for frame in map(Ether, self.data_plane.take_sent()) if IGMP in frame]

    def reported(self, frames: list[Ether]) -> list[tuple[int, str]]:
        return [(each.rtype, each.maddr) for frame in frames for each in frame[IGMP].records]


def test_the_loop_reports_what_the_channels_hear() -> None:
    testbed = Testbed()
    testbed.data_plane.hear(GROUP, IPv4Address("224.0.0.1"))
    assert testbed.reported(testbed.pass_time(100 * MS)) == [(4, str(GROUP))]
    assert testbed.reported(testbed.pass_time(3 * SECOND)) == [(4, str(GROUP))]
    testbed.data_plane.events.extend(received([general_query().emit()]))
    assert testbed.reported(testbed.pass_time(3 * SECOND)) == [(2, str(GROUP))]
    testbed.data_plane.hear()
    assert testbed.reported(testbed.pass_time(3 * SECOND)) == [(3, str(GROUP))] * 2
    assert testbed.data_plane.counts[Count.IGMP_REPORTS_SENT] == 5
    assert testbed.data_plane.counts[Count.IGMP_QUERIES] == 1


def test_the_loop_reports_all_groups_again_when_the_link_comes_up() -> None:
    testbed = Testbed()
    testbed.data_plane.hear(GROUP)
    testbed.pass_time(5 * SECOND)
    testbed.data_plane.is_up = False
    assert testbed.pass_time(SECOND) == []
    testbed.data_plane.is_up = True
    assert testbed.reported(testbed.pass_time(5 * SECOND)) == [(4, str(GROUP))] * 2


def test_at_the_end_the_groups_are_left_once() -> None:
    testbed = Testbed()
    testbed.data_plane.hear(GROUP)
    testbed.pass_time(5 * SECOND)
    testbed.loop.farewell()
    assert testbed.reported([Ether(each) for each in testbed.data_plane.take_sent()]) == [(3, str(GROUP))]


def test_a_truncated_query_is_counted_as_malformed_and_not_answered() -> None:
    testbed = Testbed()
    query = general_query()
    testbed.data_plane.events.extend(received([replace(query, payload=query.payload[:20]).emit()]))
    assert testbed.pass_time(SECOND) == []
    assert testbed.data_plane.counts[Count.CONTROL_MALFORMED] == 1
