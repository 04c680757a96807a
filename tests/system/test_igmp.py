"""Groups behind a switch that forwards them only to hosts that asked: the kernel's bridge, snooping and
querying."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from scapy.layers.igmp import IGMP
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import Content, Maker, Testbed, eventually, next_port, transfer, udp
from tests.system.fixtures.topology import SwitchedWire

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
GROUP, CONTROL_GROUP = (
    "239.20.30.1",
    "239.20.30.2",
)  # Aeron's data group is odd, the control group the next one
V1_REPORT = 0x12


@dataclass(frozen=True)
class Switched:
    net: SwitchedWire
    testbed: Testbed

    def channel(self, driver: Driver, port: int) -> str:
        return udp(GROUP, port, interface=driver.end.cidr)

    def hears(self, port: str, *groups: str) -> bool:
        return set(groups) <= self.net.members().get(port, set())


def keeps_to_itself(net: SwitchedWire) -> bool:
    """Whether the switch keeps a datagram to a group that no host has joined."""
    group = IP(src=net.wire.peer.address, dst="239.20.39.1") / UDP(dport=9)
    with station(net.wire.peer) as source, station(net.bystander) as bystander:
        source.send(Ether(src=net.wire.peer.mac, dst="01:00:5e:14:27:01") / group)
        return not any(UDP in packet for packet in bystander.received(0.3))


@pytest.fixture(scope="module", params=[3, 2], ids=["IGMPv3", "IGMPv2"])
def switched(maker: Maker, request: pytest.FixtureRequest) -> Iterator[Switched]:
    made = topology.switched("igmp", is_ours_kernel=maker.is_ours_kernel, igmp_version=request.param)
    with made as net, maker.testbed(net.wire, "igmp") as testbed:
        eventually(lambda: keeps_to_itself(net), "the switch sends groups only to who has asked")
        yield Switched(net, testbed)


def test_a_subscriber_is_sent_its_group_and_is_taken_off_when_it_leaves(switched: Switched) -> None:
    ours, peer, port = switched.testbed.ours, switched.testbed.peer, next_port()
    subscriber = ours.client("subscribe", channel=switched.channel(ours, port), patient=True)
    subscriber.await_event("ready")
    eventually(lambda: switched.hears("ours", GROUP), "the switch knows our membership")
    # Five seconds: longer than a membership lasts in the switch without answers to queries.
    queries = ours.counters().labelled("dpdk-igmp-queries")
    eventually(lambda: ours.counters().labelled("dpdk-igmp-queries") >= queries + 5, "queries come")
    eventually(lambda: switched.hears("ours", GROUP), "the switch still knows our membership")
    subscriber.stop()
    eventually(lambda: not switched.hears("ours", GROUP), "the switch forgets our membership")
    assert not switched.hears("third", GROUP)
    assert peer.is_running


@pytest.mark.parametrize("direction", ["from us", "from the kernel"])
def test_a_stream_reaches_who_joined_and_nobody_else(switched: Switched, direction: str) -> None:
    ours, peer, port = switched.testbed.ours, switched.testbed.peer, next_port()
    source, sink = (ours, peer) if direction == "from us" else (peer, ours)
    heard, answered = ("peer", "ours") if source is ours else ("ours", "peer")
    # Joined beforehand, so that no frame arrives before the switch has learnt of the members.
    for driver in (source, sink):
        driver.client("subscribe", channel=switched.channel(driver, next_port()), patient=True)
        driver.client("publish", channel=switched.channel(driver, next_port()), timeout_ms=600_000)
    eventually(lambda: switched.hears(heard, GROUP), "the switch knows who hears the stream")
    eventually(lambda: switched.hears(answered, CONTROL_GROUP), "and who hears its status messages")
    with station(switched.net.bystander) as bystander:
        transfer(source, sink, switched.channel(source, port), switched.channel(sink, port), **CONTENT)
        seen = [packet for packet in bystander.received(0.5) if UDP in packet and packet[UDP].dport == port]
    switched.testbed.reap()
    assert seen == [], "the switch sends the group to who has asked"


def test_an_orderly_end_takes_us_off_at_once(maker: Maker) -> None:
    made = topology.switched("igmp-end", is_ours_kernel=maker.is_ours_kernel, igmp_version=3)
    with made as net, maker.testbed(net.wire, "igmp-end") as testbed:
        port = next_port()
        testbed.ours.client(
            "subscribe", channel=udp(GROUP, port, interface=testbed.ours.end.cidr), patient=True
        )
        eventually(lambda: GROUP in net.members().get("ours", set()), "the switch knows our membership")
        net.switch.ip("link", "set", "bridge0", "type", "bridge", "mcast_membership_interval", "100000")
        assert testbed.ours.stop() == 0, testbed.ours.output
        eventually(lambda: GROUP not in net.members().get("ours", set()), "the switch forgets it")


def test_a_querier_of_version_one_is_answered_in_its_version(testbed: Testbed) -> None:
    """No bridge supports version 1 any more, so scapy sends the query."""
    with station(testbed.peer.end) as querier:
        testbed.ours.client(
            "subscribe",
            channel=udp("239.20.31.1", next_port(), interface=testbed.ours.end.cidr),
            patient=True,
        ).await_event("ready")
        query = IP(src=testbed.peer.address, dst="224.0.0.1", ttl=1) / IGMP(type=0x11, mrcode=0)
        querier.send(Ether(src=testbed.peer.end.mac, dst="01:00:5e:00:00:01") / query)
        answer = querier.await_frame(lambda each: IGMP in each and each[IGMP].type == V1_REPORT, 20)
    assert answer is not None
    assert (answer.dst, answer[IP].dst, answer[IP].ttl) == ("01:00:5e:14:1f:01", "239.20.31.1", 1)
