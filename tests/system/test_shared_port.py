"""One port with two addresses, and two VLANs, as a trunk to stock drivers: one without a tag, and one in
each VLAN. What each receives and sends, and what a restart of the port does to all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw
from scapy.utils import rdpcap
from tests.system.fixtures import topology
from tests.system.fixtures.client import digest_of, received_by, sent_by
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.exporter import exporting, scrape
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.port_restart import resetting, restart
from tests.system.fixtures.terminal import terminal
from tests.system.fixtures.testbed import (
    AF_PACKET,
    TAP,
    Content,
    Maker,
    eventually,
    next_port,
    reap,
    subscribe,
    transfer,
    udp,
)
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End, join
from tests.system.fixtures.vlan import send_past_the_vlan, switch_vlans
from tests.system.test_capture import capturing

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 1000, "min": 1, "max": 4000}
OUR_MAC, FIRST, SECOND = "02:ad:00:00:00:01", "10.91.0.1", "10.91.0.11"
VLANS = {100: "10.92.0", 200: "10.93.0"}
NETWORKS = {0: "10.91.0", **VLANS}
GROUP = "224.20.50.1"
ANSWER_S = 0.5
MEMORY = ("--no-huge", "--no-shconf", "-m", "640")
SETTINGS = {
    "AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd91::1/64",
    "AERON_DPDK_1_PORT_ID": "0",
    "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": f"{SECOND}/24",
    "AERON_DPDK_2_PORT_ID": "0",
    "AERON_DPDK_2_VLAN": "100",
    "AERON_DPDK_2_LOCAL_IPV4_ADDRESS": "10.92.0.1/24",
    "AERON_DPDK_2_LOCAL_IPV6_ADDRESS": "fd92::1/64",
    "AERON_DPDK_3_PORT_ID": "0",
    "AERON_DPDK_3_VLAN": "200:3",
    "AERON_DPDK_3_LOCAL_IPV4_ADDRESS": "10.93.0.1/24",
}


@dataclass(frozen=True)
class Place:
    """`peers` by their VLANs; `trunk` is our end of the switch between them."""

    ours: DpdkDriver
    peers: dict[int, Driver]
    trunk: End

    @property
    def drivers(self) -> tuple[Driver, ...]:
        return self.ours, *self.peers.values()

    def counted(self, interface: int, reason: str) -> int:
        return self.ours.counters().labelled(f"dpdk-{interface}-{reason}" if interface else f"dpdk-{reason}")


@pytest.fixture(scope="module", params=["af_packet", "tap"])
def place(maker: Maker, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Over net_af_packet, which removes and adds tags as a device would, and over a tap, where our code
    does."""
    is_tap = request.param == "tap"
    labels = [f"sharing-{name}" for name in ("ours", "middle", *NETWORKS)]
    with topology.namespaces(*labels) as (own, middle, *others):
        port = End(middle if is_tap else own, "port0", OUR_MAC, FIRST, is_kernel=False)
        trunk = End(middle, "port0" if is_tap else "trunk", "02:ad:00:00:00:fe", "", is_kernel=False)
        ends = {}
        for (number, network), namespace in zip(NETWORKS.items(), others, strict=True):
            ends[number] = End(namespace, "eth0", f"02:ad:00:00:{number:02x}:02", f"{network}.2")
            access = End(middle, f"access{number}", f"02:ad:00:00:{number:02x}:fe", "", is_kernel=False)
            join(ends[number], access)
        topology.take_ipv6(ends[0], "fd91::2/64")
        topology.take_ipv6(ends[100], "fd92::2/64")
        if not is_tap:
            join(port, trunk)
        device = TAP.format(interface=port.interface, mac=port.mac) if is_tap else AF_PACKET
        program = resetting(maker.installation)
        ours = maker.dpdk(port, device, "sharing-ours", memory=MEMORY, settings=SETTINGS, program=program)
        peers = {number: maker.kernel(end, f"sharing-{number}") for number, end in ends.items()}
        made = Place(ours, peers, trunk)
        try:
            ours.start()
            middle.ip("link", "set", trunk.interface, "address", trunk.mac)
            switch_vlans(middle, trunk.interface, {number: f"access{number}" for number in NETWORKS})
            for peer in peers.values():
                peer.start()
            yield made
            assert made.ours.stop() == 0, made.ours.output
        finally:
            for driver in made.drivers:
                driver.discard()


@pytest.fixture(autouse=True)
def reaped(place: Place) -> Iterator[None]:
    yield
    reap(*place.drivers)


@pytest.mark.parametrize("address", [FIRST, SECOND])
def test_each_address_of_a_port_has_streams_both_ways(place: Place, address: str) -> None:
    peer = place.peers[0]
    transfer(peer, place.ours, udp(address, next_port()), **CONTENT)
    port = next_port()
    out = udp(peer.address, port, interface=address)
    transfer(place.ours, peer, out, udp(peer.address, port), **CONTENT)


@pytest.mark.parametrize("number", VLANS)
def test_so_has_each_vlan(place: Place, number: int) -> None:
    peer = place.peers[number]
    transfer(peer, place.ours, udp(f"{VLANS[number]}.1", next_port()), **CONTENT)
    transfer(place.ours, peer, udp(peer.address, next_port()), **CONTENT)


@pytest.mark.parametrize(("number", "network"), [(0, "fd91"), (100, "fd92")])
def test_so_has_ipv6_in_each_vlan(place: Place, number: int, network: str) -> None:
    peer = place.peers[number]
    transfer(peer, place.ours, udp(f"[{network}::1]", next_port()), **CONTENT)
    transfer(place.ours, peer, udp(f"[{network}::2]", next_port()), **CONTENT)


def test_two_addresses_may_have_a_channel_each_on_one_udp_port(place: Place) -> None:
    port = next_port()
    peer = place.peers[0]
    other = subscribe(place.ours, udp(SECOND, port), **CONTENT)
    transfer(peer, place.ours, udp(FIRST, port), **CONTENT)
    publisher = peer.client("publish", channel=udp(SECOND, port), **CONTENT)
    sent = {digest_of(each) for each in publisher.finish()["publications"]}
    came = other.finish()["subscriptions"][0]["sources"]
    assert {digest_of(each) for each in came} == sent


def test_a_channel_bound_to_no_address_hears_on_all_of_them(place: Place) -> None:
    port = next_port()
    hearing = subscribe(place.ours, udp("0.0.0.0", port), sources=3, **CONTENT)
    sent = set()
    for number, peer in place.peers.items():
        publisher = peer.client("publish", channel=udp(f"{NETWORKS[number]}.1", port), **CONTENT)
        sent |= {digest_of(each) for each in publisher.finish()["publications"]}
    came = hearing.finish()["subscriptions"][0]["sources"]
    assert {digest_of(each) for each in came} == sent


def test_one_group_in_two_vlans_is_two_groups(place: Place) -> None:
    port = next_port()
    hearing, publishing = [], []
    for network in VLANS.values():
        hearing.append(subscribe(place.ours, udp(GROUP, port, interface=f"{network}.1/24"), **CONTENT))
    for number in VLANS:
        peer = place.peers[number]
        channel = udp(GROUP, port, interface=peer.end.cidr)
        publishing.append(peer.client("publish", channel=channel, **CONTENT))
    for subscriber, publisher in zip(hearing, publishing, strict=True):
        sent = {each["session_id"]: digest_of(each) for each in publisher.finish()["publications"]}
        came = subscriber.finish()["subscriptions"][0]["sources"]
        assert {each["session_id"]: digest_of(each) for each in came} == sent


@pytest.mark.parametrize("number", VLANS)
def test_what_we_send_to_a_group_is_heard_in_its_vlan(place: Place, number: int) -> None:
    peer, port = place.peers[number], next_port()
    out, into = (udp(GROUP, port, interface=f"{VLANS[number]}.{host}/24") for host in (1, 2))
    transfer(place.ours, peer, out, into, **CONTENT)


def test_a_group_is_heard_on_a_link_whichever_address_joined_it(place: Place) -> None:
    peer, port = place.peers[0], next_port()
    for joined, sender in ((FIRST, SECOND), (SECOND, FIRST)):
        into = udp(GROUP, port, interface=f"{joined}/24")
        transfer(peer, place.ours, udp(GROUP, port, interface=peer.end.cidr), into, **CONTENT)
        transfer(place.ours, place.ours, udp(GROUP, port, interface=f"{sender}/24"), into, **CONTENT)


def test_arp_and_pings_are_answered_for_each_address_in_its_vlan_and_in_no_other(place: Place) -> None:
    asked = {0: (FIRST, SECOND), **{number: (f"{network}.1",) for number, network in VLANS.items()}}
    for number, peer in place.peers.items():
        end = peer.end
        with station(end) as host:

            def answer_to(frame: Packet, layer: type[Packet], host: Station = host) -> Packet | None:
                host.send(frame)
                found = host.received(ANSWER_S)
                return next((each for each in found if layer in each and each.src == OUR_MAC), None)

            for way, addresses in asked.items():
                for own in addresses:
                    question = ARP(hwsrc=end.mac, psrc=end.address, pdst=own)
                    reply = answer_to(Ether(src=end.mac, dst="ff:ff:ff:ff:ff:ff") / question, ARP)
                    ping = Ether(src=end.mac, dst=OUR_MAC) / IP(src=end.address, dst=own) / ICMP()
                    pong = answer_to(ping, ICMP)
                    assert [reply is not None, pong is not None] == [way == number] * 2, (number, own)


def test_a_frame_for_an_address_in_the_vlan_of_another_is_dropped_and_counted(place: Place) -> None:
    hostile = Ether(src="02:66:66:66:66:66", dst=OUR_MAC)
    payload = (
        IP(src=f"{VLANS[200]}.66", dst=f"{VLANS[200]}.1") / UDP(sport=40000, dport=40001) / Raw(bytes(64))
    )
    before = {number: place.counted(number, "rx-not-our-address") for number in (0, 2)}
    unknown, inner = place.counted(0, "rx-not-our-vlan"), place.counted(2, "rx-ethertype")
    send_past_the_vlan(
        place.trunk,
        hostile / payload,
        hostile / Dot1Q(vlan=100) / payload,
        hostile / Dot1Q(vlan=201) / payload,
        hostile / Dot1Q(vlan=100) / Dot1Q(vlan=200) / payload,
    )
    eventually(
        lambda: (
            all(place.counted(number, "rx-not-our-address") > before[number] for number in before)
            and place.counted(0, "rx-not-our-vlan") > unknown
            and place.counted(2, "rx-ethertype") > inner
        ),
        "each is counted where it came in",
    )


# The af_packet PMD closes its sockets when it stops, and does not open them again.
@pytest.mark.parametrize("place", ["tap"], indirect=True)
def test_a_restart_of_the_port_is_one_for_all_of_them_and_their_streams_go_on(place: Place) -> None:
    content: Content = {"messages": 4000, "min": 32, "max": 1300}
    subscribers, publishers = [], []
    for number, peer in place.peers.items():
        own, port = f"{NETWORKS[number]}.1", next_port()
        subscribers.append(subscribe(place.ours, udp(own, port), **content))
        publishers.append(peer.client("publish", channel=udp(own, port), interval_us=500, **content))
        port = next_port()
        subscribers.append(subscribe(peer, udp(peer.address, port), **content))
        publishers.append(
            place.ours.client("publish", channel=udp(peer.address, port), interval_us=500, **content)
        )
    for publisher in publishers:
        publisher.await_event("connected")
    before = [place.counted(number, "port-resets") for number in range(4)]
    restart(place.ours)
    eventually(
        lambda: (
            [place.counted(number, "port-resets") for number in range(4)] == [each + 1 for each in before]
        ),
        "each interface has seen the restart",
    )
    sent = {digest for each in publishers for digest in sent_by(each)}
    assert {digest for each in subscribers for digest in received_by(each)} == sent


def test_tools_name_each_interface(place: Place, tmp_path: Path) -> None:
    shown = aeron_dpdk("status", place.ours).output
    for name in ("dpdk0", "dpdk0:1", "dpdk0.100", "dpdk0.200"):
        assert name in shown
    assert "10.91.0.11/24" in shown and "200:3" in shown
    peer, port = place.peers[100], next_port()
    file = tmp_path / "seen.pcapng"
    with capturing(place.ours, file, "-i", "dpdk0.100"):
        transfer(peer, place.ours, udp(f"{VLANS[100]}.1", port), **CONTENT)
        transfer(place.peers[0], place.ours, udp(FIRST, next_port()), **CONTENT)
    frames = [Ether(bytes(each)) for each in rdpcap(str(file))]
    assert len(frames) > CONTENT["messages"]
    assert {each[Dot1Q].vlan if Dot1Q in each else None for each in frames} == {100}


def test_top_and_a_scrape_have_each_interface(place: Place) -> None:
    names = ("dpdk0", "dpdk0:1", "dpdk0.100", "dpdk0.200")
    for peer, address in ((0, FIRST), (0, SECOND), (100, "10.92.0.1"), (200, "10.93.0.1")):
        transfer(place.peers[peer], place.ours, udp(address, next_port()), messages=10, min=32, max=32)
    with terminal(place.ours) as screen:
        for name in names:
            eventually(partial(screen.shows, f"{name} up"), f"{name} is shown")
    with exporting(place.ours) as url:
        samples = scrape(url)
    for name in names:
        assert samples[f'aeron_dpdk_packets_total{{direction="rx",interface="{name}"}}'] > 0
