"""Our driver on two networks, with a stock driver on each: streams on both, and what selects the
interface."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import received_by, sent_by
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.testbed import (
    AF_PACKET,
    Content,
    Maker,
    eventually,
    next_port,
    reap,
    running,
    subscribe,
    transfer,
    udp,
)
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End, join

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 2000, "min": 32, "max": 3000}
FURTHER = "10.95.0.1"
GROUP = "224.20.30.39"
MEMORY = ("--no-huge", "--no-shconf", "-m", "512")


@dataclass(frozen=True)
class Place:
    """Ours has 10.91.0.1 and 10.95.0.1; `near` is on the first network, `far` on the further one."""

    ours: DpdkDriver
    near: Driver
    far: Driver

    @property
    def drivers(self) -> tuple[Driver, ...]:
        return self.ours, self.near, self.far


@pytest.fixture(scope="module")
def place(maker: Maker) -> Iterator[Place]:
    with (
        topology.straight("two", is_ours_kernel=False) as wire,
        topology.namespaces("two-far") as (namespace,),
    ):
        further = End(wire.ours.namespace, "port1", "02:ad:00:00:05:01", FURTHER, is_kernel=False)
        far = End(namespace, "eth0", "02:ad:00:00:05:02", "10.95.0.2")
        join(further, far)
        topology.take_ipv6(wire.peer, "fd91::2/64")
        topology.take_ipv6(far, "fd95::2/64")
        ours = maker.dpdk(
            wire.ours,
            AF_PACKET,
            "two-ours",
            further_devices=(f"net_af_packet1,iface={further.interface}",),
            memory=MEMORY,
            settings={
                "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": further.cidr,
                "AERON_DPDK_LOCAL_IPV6_ADDRESS": "fd91::1/64",
                "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": "fd95::1/64",
            },
        )
        made = Place(ours, maker.kernel(wire.peer, "two-near"), maker.kernel(far, "two-far"))
        with running(*made.drivers):
            yield made


@pytest.fixture(autouse=True)
def reaped(place: Place) -> Iterator[None]:
    yield
    reap(*place.drivers)


def test_streams_cross_both_networks_both_ways_at_once(place: Place) -> None:
    ours, near, far = place.drivers
    ways = [
        (near, ours, udp(ours.address, next_port())),
        (far, ours, udp(FURTHER, next_port())),
        (ours, near, udp(near.address, next_port())),
        (ours, far, udp(far.address, next_port())),
    ]
    sinks = [subscribe(sink, channel, **CONTENT) for _, sink, channel in ways]
    sources = [source.client("publish", channel=channel, **CONTENT) for source, _, channel in ways]
    for source, sink in zip(sources, sinks, strict=True):
        assert received_by(sink) == sent_by(source)


def test_a_channel_on_localhost_runs_beside_streams_on_both_networks(place: Place) -> None:
    ours, near, far = place.drivers
    ways = [
        (near, ours, udp(ours.address, next_port())),
        (ours, far, udp(far.address, next_port())),
        (ours, ours, udp("localhost", next_port())),
    ]
    sinks = [subscribe(sink, channel, **CONTENT) for _, sink, channel in ways]
    media = {each["uri"]: each["media"] for each in aeron_dpdk("status", ours, "--json").json["channels"]}
    assert [media[ways[0][2]], media[ways[2][2]]] == [["dpdk"], ["kernel"]]
    sources = [
        source.client("publish", channel=channel, **{**CONTENT, "seed": seed})
        for seed, (source, _, channel) in enumerate(ways)
    ]
    for source, sink in zip(sources, sinks, strict=True):
        assert received_by(sink) == sent_by(source)


def test_ipv6_crosses_both_networks_too(place: Place) -> None:
    ours, near, far = place.drivers
    for peer, here, there in ((near, "[fd91::1]", "[fd91::2]"), (far, "[fd95::1]", "[fd95::2]")):
        transfer(peer, ours, udp(here, next_port()), **CONTENT)
        transfer(ours, peer, udp(there, next_port()), **CONTENT)


def test_a_subscription_at_no_address_hears_from_both_networks(place: Place) -> None:
    ours, near, far = place.drivers
    port = next_port()
    sink = subscribe(ours, udp("0.0.0.0", port), sources=2, **CONTENT)
    sources = [
        near.client("publish", channel=udp(ours.address, port), **CONTENT),
        far.client("publish", channel=udp(FURTHER, port), **{**CONTENT, "seed": 5}),
    ]
    assert set(received_by(sink)) == {digest for source in sources for digest in sent_by(source)}


def test_both_families_are_heard_from_both_networks_at_no_address(place: Place) -> None:
    ours, near, far = place.drivers
    port = next_port()
    sink = subscribe(ours, udp("[::]", port), sources=3, **CONTENT)
    ways = ((near, "[fd91::1]"), (far, "[fd95::1]"), (far, FURTHER))
    sources = [
        peer.client("publish", channel=udp(here, port), **{**CONTENT, "seed": seed})
        for seed, (peer, here) in enumerate(ways)
    ]
    assert set(received_by(sink)) == {digest for source in sources for digest in sent_by(source)}


def test_a_channel_at_one_address_receives_nothing_from_the_other_network(place: Place) -> None:
    """The peer on the other network still sends to that port, at the address it can reach."""
    ours, near, far = place.drivers
    port = next_port()
    before = ours.counters().labelled("dpdk-1-rx-no-endpoint")
    sink = subscribe(ours, udp(ours.address, port), **CONTENT)
    far.client("publish", channel=udp(FURTHER, port), **CONTENT)
    eventually(
        lambda: ours.counters().labelled("dpdk-1-rx-no-endpoint") > before,
        "frames from the other network are counted",
    )
    source = near.client("publish", channel=udp(ours.address, port), **CONTENT)
    assert received_by(sink) == sent_by(source)


@pytest.mark.parametrize("interface", ["10.91.0.1", FURTHER])
def test_interface_chooses_the_network_of_a_group(place: Place, interface: str) -> None:
    ours, near, far = place.drivers
    peer, other = (near, far) if interface == ours.address else (far, near)
    theirs, own = f"interface={peer.address}", f"interface={interface}"
    for source, sink, out, into in ((ours, peer, own, theirs), (peer, ours, theirs, own)):
        group = udp(GROUP, next_port())
        transfer(source, sink, f"{group}|{out}", f"{group}|{into}", **CONTENT)
    port = next_port()
    label = f"dpdk{'-1' if interface == ours.address else ''}-rx-not-our-group"
    before = ours.counters().labelled(label)
    unreached = subscribe(ours, udp(GROUP, port, interface=interface), **CONTENT)
    other.client("publish", channel=udp(GROUP, port, interface=other.address), **CONTENT)
    eventually(
        lambda: ours.counters().labelled(label) > before,
        "the group's frames on the other network are counted",
    )
    unreached.kill()


def test_a_peer_that_goes_in_mid_stream_leaves_the_other_network_alone_and_comes_back(place: Place) -> None:
    ours, near, far = place.drivers
    endless: Content = {"channel": udp(far.address, next_port()), "messages": 10**9, "min": 32, "max": 1300}
    far.client("subscribe", **endless).await_event("ready")
    ours.client("publish", **endless).await_event("connected")
    far.end.namespace.ip("link", "set", far.end.interface, "down")
    try:
        transfer(near, ours, udp(ours.address, next_port()), **CONTENT)
        transfer(ours, near, udp(near.address, next_port()), **CONTENT)
    finally:
        far.end.namespace.ip("link", "set", far.end.interface, "up")
        ours.reap()
        far.reap()
    transfer(far, ours, udp(FURTHER, next_port()), **CONTENT)
    transfer(ours, far, udp(far.address, next_port()), **CONTENT)
