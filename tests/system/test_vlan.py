"""Our driver in a VLAN, against a stock driver whose kernel is in it: over net_af_packet, which adds and
removes tags as a device would, and over a tap, where our code does. Scapy checks what is on the wire.
"""

from collections.abc import Iterator

import pytest
from scapy.layers.inet import ICMP, IP, TCP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import (
    AF_PACKET,
    Content,
    Maker,
    Testbed,
    eventually,
    next_port,
    transfer,
    udp,
)
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.vlan import next_frame, put_into_vlan, send_past_the_vlan, tags_seen

pytestmark = pytest.mark.usefixtures("dpdk_only")

VLAN, PRIORITY = 100, 5
SETTINGS = {"AERON_DPDK_VLAN": f"{VLAN}:{PRIORITY}", "AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd91::1/64"}
CONTENT: Content = {"messages": 1000, "min": 1, "max": 4000}
GROUP = "224.20.40.1"


@pytest.fixture(scope="module", params=["af_packet", "tap"])
def testbed(maker: Maker, request: pytest.FixtureRequest) -> Iterator[Testbed]:
    """A testbed whose both ends are in the VLAN."""
    if request.param == "tap":
        with maker.tap("vlan", settings=SETTINGS) as (ours, kernel):
            put_into_vlan(kernel, VLAN)
            topology.take_ipv6(kernel, "fd91::2/64")
            made = Testbed(topology.Wire(ours.end, kernel), ours, maker.kernel(kernel, "vlan-peer"))
            made.peer.start()
            yield made
            made.peer.discard()
            return
    with topology.straight("vlan", is_ours_kernel=False) as wire:
        put_into_vlan(wire.peer, VLAN)
        topology.take_ipv6(wire.peer, "fd91::2/64")
        ours = maker.dpdk(wire.ours, AF_PACKET, "vlan-ours", settings=SETTINGS)
        made = Testbed(wire, ours, maker.kernel(wire.peer, "vlan-peer"))
        try:
            made.start()
            yield made
            assert made.ours.stop() == 0, made.ours.output
        finally:
            made.discard()


@pytest.fixture(autouse=True)
def reaped(testbed: Testbed) -> Iterator[None]:
    yield
    testbed.reap()
    assert testbed.ours.is_running and testbed.peer.is_running, testbed.ours.output


def test_streams_cross_the_vlan_both_ways(testbed: Testbed) -> None:
    for source, sink in ((testbed.ours, testbed.peer), (testbed.peer, testbed.ours)):
        transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def test_so_do_streams_to_a_group(testbed: Testbed) -> None:
    for source, sink in ((testbed.ours, testbed.peer), (testbed.peer, testbed.ours)):
        port = next_port()
        out, into = (udp(GROUP, port, interface=each.end.cidr) for each in (source, sink))
        transfer(source, sink, out, into, **CONTENT)


def test_so_does_ipv6(testbed: Testbed) -> None:
    transfer(testbed.peer, testbed.ours, udp("[fd91::1]", next_port()), **CONTENT)
    transfer(testbed.ours, testbed.peer, udp("[fd91::2]", next_port()), **CONTENT)


# The af_packet PMD makes the kernel reassemble fragments before we see them (PACKET_FANOUT_FLAG_DEFRAG).
@pytest.mark.parametrize("testbed", ["tap"], indirect=True)
def test_so_do_fragments(testbed: Testbed) -> None:
    for source, sink in ((testbed.ours, testbed.peer), (testbed.peer, testbed.ours)):
        transfer(source, sink, udp(sink.address, next_port(), mtu=8192), **{**CONTENT, "max": 30000})


def test_what_goes_to_our_own_address_needs_no_tag(testbed: Testbed) -> None:
    transfer(testbed.ours, testbed.ours, udp(testbed.ours.address, next_port()), **CONTENT)


def test_the_ready_line_and_status_name_the_vlan(testbed: Testbed) -> None:
    assert f"VLAN {VLAN}:{PRIORITY}" in testbed.ours.output
    assert f"{VLAN}:{PRIORITY}" in aeron_dpdk("status", testbed.ours).output


def test_what_we_send_of_ourselves_has_the_tag_with_its_priority(testbed: Testbed) -> None:
    ours, peer = testbed.wire.ours, testbed.wire.peer
    question = ARP(hwsrc=peer.mac, psrc=peer.address, pdst=ours.address)
    request = Ether(src=peer.mac, dst="ff:ff:ff:ff:ff:ff") / question
    ping = Ether(src=peer.mac, dst=ours.mac) / IP(src=peer.address, dst=ours.address) / ICMP()
    with tags_seen(peer) as seen, station(peer) as host:
        for asked, layer in ((request, ARP), (ping, ICMP)):
            host.send(bytes(asked))
            answer = next_frame(seen)
            while layer not in answer or answer[Ether].src != ours.mac:
                answer = next_frame(seen)
            assert (answer[Dot1Q].vlan, answer[Dot1Q].prio) == (VLAN, PRIORITY)


def test_a_frame_of_another_vlan_or_of_none_is_counted_and_goes_no_further(testbed: Testbed) -> None:
    ours, peer = testbed.wire.ours, testbed.wire.peer
    mac = Ether(src=peer.mac, dst=ours.mac)
    # TCP from another source would be counted too, but there is none here.
    segment = IP(src=peer.address, dst=ours.address) / TCP(dport=20990) / Raw(bytes(32))

    def counted(reason: str) -> int:
        return testbed.ours.counters().labelled(f"dpdk-rx-{reason}")

    for tags in (Dot1Q(vlan=VLAN + 1), Dot1Q(vlan=0, prio=PRIORITY), None):
        before = {reason: counted(reason) for reason in ("not-our-vlan", "protocol")}
        send_past_the_vlan(peer, mac / tags / segment if tags else mac / segment)
        eventually(lambda: counted("not-our-vlan") > before["not-our-vlan"], "it is counted")  # noqa: B023
        assert counted("protocol") == before["protocol"]
