"""A neighbour on the wire that floods us with forged neighbour discovery, and answers each of our
solicitations.

`./dev attack` does it a hundred times, the everyday tests once.
"""

import random
from collections.abc import Iterator

import pytest
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from tests.system.fixtures import topology
from tests.system.fixtures.frames import Station, flood, station
from tests.system.fixtures.testbed import Maker, Testbed, eventually, next_port, udp

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS, PEER = "fd91::1", "fd91::2"
OUR_GROUP, OUR_GROUP_MAC = "ff02::1:ff00:1", "33:33:ff:00:00:01"
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"
EVIL = "02:66:66:66:66"  # and one octet more
ATTACK_S = 4.0  # longer than all solicitations of a sequence together
ENDLESS = {"messages": 10**9, "min": 100, "max": 1000}


def forged(testbed: Testbed, attackers: int) -> list[bytes]:
    """Each attacker claims to be the peer, in answers, in announcements to all and in solicitations for us
    from the peer's address; and claims to be the router."""
    lies = []
    for mac in (f"{EVIL}:{i:02x}" for i in range(attackers)):
        to_us = Ether(src=mac, dst=testbed.wire.ours.mac) / IPv6(src=PEER, dst=OURS, hlim=255)
        to_all = Ether(src=mac, dst=ALL_NODES_MAC) / IPv6(src=PEER, dst=ALL_NODES, hlim=255)
        to_group = Ether(src=mac, dst=OUR_GROUP_MAC) / IPv6(src=PEER, dst=OUR_GROUP, hlim=255)
        target, source = ICMPv6NDOptDstLLAddr(lladdr=mac), ICMPv6NDOptSrcLLAddr(lladdr=mac)
        lies += [
            bytes(to_us / ICMPv6ND_NA(tgt=PEER, R=0, S=1, O=1) / target),
            bytes(to_all / ICMPv6ND_NA(tgt=PEER, R=0, S=0, O=1) / target),
            bytes(to_group / ICMPv6ND_NS(tgt=OURS) / source),
            bytes(to_all / ICMPv6ND_RA(routerlifetime=1800) / source),
        ]
    return lies


@pytest.fixture(scope="module")
def attacked(maker: Maker) -> Iterator[Testbed]:
    settings = {"AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{OURS}/64"}
    with topology.straight("ndp-flood", is_ours_kernel=maker.is_ours_kernel) as wire:
        topology.take_ipv6(wire.peer, f"{PEER}/64")
        with maker.testbed(wire, "ndp-flood", **settings) as testbed:
            yield testbed


def is_data(frame: Ether) -> bool:
    return UDP in frame and IPv6 in frame and frame[IPv6].dst == PEER


def redirected(host: Station, answers: list[bytes], seconds: float) -> int:
    """Answers every solicitation for the peer with a lie; counts the frames sent to the false MAC."""
    dice = random.Random(len(answers))
    caught = 0
    for frame in host.received(seconds):
        if ICMPv6ND_NS in frame and frame[ICMPv6ND_NS].tgt == PEER:
            host.send(dice.choice(answers))
        elif UDP in frame and frame.dst.startswith(EVIL):
            caught += 1
    return caught


@pytest.mark.parametrize("attackers", [1, 200], ids=["from_one_mac", "from_many_macs"])
def test_a_flood_of_forged_neighbour_discovery_redirects_no_stream(
    attacked: Testbed, attackers: int, pytestconfig: pytest.Config
) -> None:
    testbed = attacked
    lies = forged(testbed, attackers)
    channel = udp(f"[{PEER}]", next_port())
    subscriber = testbed.peer.client("subscribe", channel=channel, **ENDLESS)
    subscriber.await_event("ready")
    publisher = testbed.ours.client("publish", channel=channel, patient=True, interval_us=1000, **ENDLESS)
    subscriber.await_event("receiving")
    try:
        for attempt in range(pytestconfig.getoption("--attacks")):
            with station(testbed.wire.peer) as host, flood(testbed.wire.peer, lies):
                assert redirected(host, lies, ATTACK_S) == 0, f"in attack {attempt}"
            with station(testbed.wire.peer) as host:
                came = host.await_frame(is_data)
                assert came is not None, f"silent after attack {attempt}"
                assert came.dst == testbed.wire.peer.mac
        assert publisher.is_running and subscriber.is_running
    finally:
        testbed.reap()
    assert testbed.ours.counters().labelled("dpdk-ndp-disputed") > 0


def test_a_peer_that_changes_its_mac_is_found_again(attacked: Testbed) -> None:
    end, moved = attacked.wire.peer, "02:ad:00:00:00:22"
    channel = udp(f"[{PEER}]", next_port())
    subscriber = attacked.peer.client("subscribe", channel=channel, **ENDLESS)
    subscriber.await_event("ready")
    attacked.ours.client("publish", channel=channel, patient=True, interval_us=1000, **ENDLESS)
    subscriber.await_event("receiving")
    # It announces the change, as a host that takes over another's address does.
    end.namespace.run("sysctl", "-qw", f"net.ipv6.conf.{end.interface}.ndisc_notify=1")
    end.namespace.ip("link", "set", end.interface, "address", moved)
    with station(end) as host:
        eventually(
            lambda: any(is_data(frame) and frame.dst == moved for frame in host.received(0.5)),
            "the stream follows it",
        )
    attacked.reap()
