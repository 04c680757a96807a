"""Channels carried by the kernel together with channels on the DPDK port, in one driver, against the stock
driver."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import ClientError, digest_of, received_by
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import AF_PACKET, Content, Maker, next_port, reap, subscribe, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End, join

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
GROUP = "224.20.30.39"


@dataclass(frozen=True)
class Place:
    """Our driver with its port, the stock driver behind it, and another one in our namespace."""

    ours: Driver
    peer: Driver
    neighbour: Driver


@pytest.fixture(scope="module")
def place(maker: Maker) -> Iterator[Place]:
    """The kernel of our namespace has loopback, with IPv6, and a second interface towards the peer."""
    with topology.straight("kernel", is_ours_kernel=False) as wire:
        ours, peer = wire.ours, wire.peer
        ours.namespace.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
        ours.namespace.ip("link", "set", "lo", "multicast", "on")
        join(
            End(ours.namespace, "eth1", "02:ad:00:00:01:01", "10.93.0.1"),
            End(peer.namespace, "eth1", "02:ad:00:00:01:02", "10.93.0.2"),
        )
        drivers = Place(
            maker.dpdk(ours, AF_PACKET, "kernel-ours", settings={"AERON_DPDK_KERNEL_SOCKETS": "all"}),
            maker.kernel(peer, "kernel-peer"),
            maker.kernel(End(ours.namespace, "lo", "", "127.0.0.1", 8), "kernel-neighbour"),
        )
        try:
            for driver in (drivers.ours, drivers.peer, drivers.neighbour):
                driver.start()
            yield drivers
        finally:
            for driver in (drivers.ours, drivers.peer, drivers.neighbour):
                driver.discard()


@pytest.fixture(autouse=True)
def reaped(place: Place) -> Iterator[None]:
    yield
    reap(place.ours, place.peer, place.neighbour)


@pytest.fixture(params=["from_us", "to_us"])
def local_flow(request: pytest.FixtureRequest, place: Place) -> tuple[Driver, Driver]:
    """(publisher's driver, subscriber's driver), both on this host."""
    return (place.ours, place.neighbour) if request.param == "from_us" else (place.neighbour, place.ours)


def media(driver: Driver, port: int) -> set[str]:
    """Which medium carries the channels that have port in an address or in their name."""
    channels = aeron_dpdk("status", driver, "--json").json["channels"]
    return {medium for each in channels if f":{port}" in each["uri"] for medium in each["media"]}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_stream_on_loopback_crosses_between_us_and_the_stock_driver(
    local_flow: tuple[Driver, Driver], host: str
) -> None:
    transfer(*local_flow, udp(host, next_port()), **CONTENT)


def test_both_ends_may_be_ours(place: Place) -> None:
    transfer(place.ours, place.ours, udp("localhost", next_port()), messages=500, min=1, max=60000)


def test_a_multicast_channel_on_loopback_is_the_kernels(local_flow: tuple[Driver, Driver]) -> None:
    transfer(*local_flow, udp(GROUP, next_port(), interface="127.0.0.1/8"), **CONTENT)


def test_a_multicast_channel_on_a_kernel_interface_crosses(place: Place) -> None:
    ends = [(place.ours, "10.93.0.1/24"), (place.peer, "10.93.0.2/24")]
    for (source, source_end), (sink, sink_end) in (ends, ends[::-1]):
        # A separate port: an earlier subscription that is not closed yet would hear the stream and limit its
        # rate.
        port = next_port()
        channels = (udp(GROUP, port, interface=end) for end in (source_end, sink_end))
        transfer(source, sink, *channels, **CONTENT)


def test_a_stream_by_way_of_another_kernel_interface_crosses(place: Place) -> None:
    transfer(place.ours, place.peer, udp("10.93.0.2", next_port()), **CONTENT)
    transfer(place.peer, place.ours, udp("10.93.0.1", next_port()), **CONTENT)


def test_a_publication_reaches_destinations_on_loopback_and_behind_the_port(place: Place) -> None:
    destinations = [udp("127.0.0.1", next_port()), udp(place.peer.address, next_port())]
    subscribers = [
        subscribe(driver, destination, **CONTENT)
        for driver, destination in zip((place.neighbour, place.peer), destinations, strict=True)
    ]
    publisher = place.ours.client(
        "publish", channel="aeron:udp?control-mode=manual|fc=min,g:/2", destination=destinations, **CONTENT
    )
    [sent] = publisher.finish()["publications"]
    assert [set(received_by(each)) for each in subscribers] == [{digest_of(sent)}] * 2


def test_a_wildcard_subscription_hears_this_host_and_the_wire(place: Place) -> None:
    port = next_port()
    subscriber = subscribe(place.ours, udp("0.0.0.0", port), sources=2, **CONTENT)
    assert media(place.ours, port) == {"dpdk+kernel"}
    publishers = [
        place.neighbour.client("publish", channel=udp("127.0.0.1", port), seed=1, **CONTENT),
        place.peer.client("publish", channel=udp(place.ours.address, port), seed=2, **CONTENT),
    ]
    sent = {digest_of(each.finish()["publications"][0]) for each in publishers}
    assert len(sent) == 2
    assert set(received_by(subscriber)) == sent


def test_status_says_which_medium_each_channel_has(place: Place) -> None:
    ports = {"dpdk": next_port(), "kernel": next_port()}
    subscribe(place.ours, udp(place.ours.address, ports["dpdk"]), patient=True, **CONTENT)
    subscribe(place.ours, udp("127.0.0.1", ports["kernel"]), patient=True, **CONTENT)
    assert {medium: media(place.ours, port) for medium, port in ports.items()} == {
        "dpdk": {"dpdk"},
        "kernel": {"kernel"},
    }


@pytest.fixture
def narrow(maker: Maker, wire: topology.Wire, request: pytest.FixtureRequest) -> Iterator[Driver]:
    """A driver for one test, with the setting given as parameter."""
    driver = maker.dpdk(wire.ours, AF_PACKET, "narrow", settings={"AERON_DPDK_KERNEL_SOCKETS": request.param})
    driver.start()
    yield driver
    driver.discard()


def is_refused(driver: Driver, channel: str) -> str:
    client = driver.client("subscribe", channel=channel)
    with pytest.raises(ClientError) as refused:
        client.await_event("ready")
    return refused.value.message


@pytest.mark.parametrize("narrow", [""], indirect=True)
def test_by_default_the_kernel_carries_loopback_and_nothing_else(narrow: Driver) -> None:
    narrow.end.namespace.ip("address", "add", "10.94.0.1/24", "dev", "lo")
    transfer(narrow, narrow, udp("localhost", next_port()), **CONTENT)
    message = is_refused(narrow, udp("10.94.0.1", next_port()))
    assert "10.94.0.1" in message
    assert "AERON_DPDK_KERNEL_SOCKETS" in message


@pytest.mark.parametrize("narrow", ["none"], indirect=True)
def test_the_kernel_can_be_left_out(narrow: Driver) -> None:
    assert "AERON_DPDK_KERNEL_SOCKETS" in is_refused(narrow, udp("127.0.0.1", next_port()))
