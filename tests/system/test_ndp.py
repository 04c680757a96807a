"""What other hosts on the wire see of our IPv6 addresses: neighbour discovery, ping, routers, and no
gullibility."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.namespace import LabError
from tests.system.fixtures.testbed import Maker, eventually
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import Wire

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS_MAC = "02:ad:00:00:00:01"
OURS, OURS_LINK_LOCAL = "fd91::1", "fe80::ad:ff:fe00:1"
PEER, PEER_LINK_LOCAL = "fd91::2", "fe80::ad:ff:fe00:2"
OUR_GROUP, OUR_GROUP_MAC = "ff02::1:ff00:1", "33:33:ff:00:00:01"
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
FAR = "2001:db8::9"
EVIL, EVIL_LINK_LOCAL = "02:66:66:66:66:66", "fe80::66:66ff:fe66:6666"
IPV6 = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{OURS}/64"}


@pytest.fixture(scope="module")
def wire(maker: Maker) -> Iterator[Wire]:
    with topology.straight("ndp", is_ours_kernel=maker.is_ours_kernel) as made:
        topology.take_ipv6(made.peer, f"{PEER}/64")
        yield made


@pytest.fixture(scope="module")
def ours(maker: Maker, wire: Wire) -> Iterator[Driver]:
    driver = maker.ours(wire.ours, "ndp-ours", **IPV6)
    driver.start()
    # Each address has been announced twice, to all nodes: any later advertisement is an answer.
    eventually(lambda: driver.counters().labelled("dpdk-ndp-advertisements-sent") >= 4, "they are announced")
    yield driver
    driver.discard()


@pytest.fixture
def host(wire: Wire, ours: Driver) -> Iterator[Station]:
    """Scapy on the peer's end, in addition to the peer's own kernel."""
    with station(wire.peer) as opened:
        opened.drain()
        yield opened


def ipv6_of(driver: Driver) -> Any:
    return aeron_dpdk("status", driver, "--json").json["driver"]["interfaces"][0]["ipv6"]


@pytest.mark.parametrize("target", [OURS, f"{OURS_LINK_LOCAL}%eth0"], ids=["global", "link-local"])
def test_the_kernel_on_the_other_side_can_ping_us(wire: Wire, ours: Driver, target: str) -> None:
    said = wire.peer.namespace.run("ping", "-6", "-c", "3", "-i", "0.2", "-w", "20", target)
    assert " 3 received" in said
    found = wire.peer.namespace.ip("-6", "-j", "neighbour", "show", "to", target.partition("%")[0])
    assert [entry["lladdr"] for entry in json.loads(found)] == [wire.ours.mac]


def test_a_ping_that_fills_the_link_is_answered(wire: Wire, ours: Driver) -> None:
    assert " 1 received" in wire.peer.namespace.run("ping", "-6", "-c", "1", "-s", "1452", "-w", "20", OURS)


def test_an_address_that_a_host_has_ends_the_start_and_names_the_host(maker: Maker) -> None:
    with topology.straight("ndp-twice", is_ours_kernel=maker.is_ours_kernel) as wire:
        topology.take_ipv6(wire.peer, f"{OURS}/64")
        driver = maker.ours(wire.ours, "ndp-twice-ours", **IPV6)
        try:
            with pytest.raises(LabError, match="ended with 7"):
                driver.start()
            assert f"{wire.peer.mac} on the link has our address {OURS} already" in driver.output
        finally:
            driver.discard()


# ---- questions ----


def question(hop_limit: int = 255) -> Packet:
    """Another host's probe for our address, before it takes the address."""
    return (
        Ether(src=EVIL, dst=OUR_GROUP_MAC)
        / IPv6(src="::", dst=OUR_GROUP, hlim=hop_limit)
        / ICMPv6ND_NS(tgt=OURS)
    )


def is_answer(packet: Packet) -> bool:
    return ICMPv6ND_NA in packet and packet[ICMPv6ND_NA].tgt == OURS


def test_who_wants_our_address_is_told_that_it_is_taken(host: Station) -> None:
    host.send(question())
    answer = host.await_frame(is_answer)
    assert answer is not None
    assert (answer.src, answer.dst, answer[IPv6].hlim) == (OURS_MAC, ALL_NODES_MAC, 255)


def test_a_question_from_beyond_a_router_is_not_answered(host: Station, ours: Driver) -> None:
    ignored = ours.counters().labelled("dpdk-ndp-ignored")
    host.send(question(hop_limit=254))
    eventually(lambda: ours.counters().labelled("dpdk-ndp-ignored") > ignored, "it was seen")
    assert not any(is_answer(packet) for packet in host.received(0.3))


# ---- routers ----


def router(mac: str, source: str, lifetime_s: int = 1800, hop_limit: int = 255) -> Packet:
    return (
        Ether(src=mac, dst=ALL_NODES_MAC)
        / IPv6(src=source, dst=ALL_NODES, hlim=hop_limit)
        / ICMPv6ND_RA(routerlifetime=lifetime_s)
        / ICMPv6NDOptSrcLLAddr(lladdr=mac)
    )


def ping_from_far(host: Station) -> Packet:
    echo = IPv6(src=FAR, dst=OURS) / ICMPv6EchoRequest(id=7, data=b"from far")
    return Ether(src=host.end.mac, dst=OURS_MAC) / echo


def test_the_router_that_advertises_itself_is_used_and_no_forged_word_changes_that(
    wire: Wire, ours: Driver, host: Station
) -> None:
    ignored = ours.counters().labelled("dpdk-ndp-ignored")
    host.send(router(EVIL, EVIL_LINK_LOCAL, hop_limit=254), router(EVIL, "fd91::66"))
    eventually(lambda: ours.counters().labelled("dpdk-ndp-ignored") >= ignored + 2, "both were seen")
    assert ipv6_of(ours) == {"addresses": [f"{OURS}/64", f"{OURS_LINK_LOCAL}/64"], "gateway": None}

    host.send(router(wire.peer.mac, PEER_LINK_LOCAL))
    eventually(lambda: ipv6_of(ours)["gateway"] == PEER_LINK_LOCAL, "the router is known")
    host.send(ping_from_far(host))
    answer = host.await_frame(lambda packet: ICMPv6EchoReply in packet and packet[IPv6].dst == FAR)
    assert answer is not None
    assert answer.dst == wire.peer.mac, "found by asking the kernel, whose address it is"

    heard = ours.counters().labelled("dpdk-ndp-router-advertisements")
    host.send(router(EVIL, EVIL_LINK_LOCAL))
    eventually(
        lambda: ours.counters().labelled("dpdk-ndp-router-advertisements") > heard, "another was heard"
    )
    ignored = ours.counters().labelled("dpdk-ndp-ignored")
    host.send(router(EVIL, PEER_LINK_LOCAL, lifetime_s=0))
    eventually(lambda: ours.counters().labelled("dpdk-ndp-ignored") > ignored, "and a lie about the first")
    assert ipv6_of(ours)["gateway"] == PEER_LINK_LOCAL

    host.send(router(wire.peer.mac, PEER_LINK_LOCAL, lifetime_s=0))
    eventually(lambda: ipv6_of(ours)["gateway"] == EVIL_LINK_LOCAL, "the next one takes over")
    host.send(router(EVIL, EVIL_LINK_LOCAL, lifetime_s=0))
    eventually(lambda: ipv6_of(ours)["gateway"] is None, "and none is left")
