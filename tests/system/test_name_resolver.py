"""Aeron's driver name resolver: drivers exchange their names, ours over the DPDK port."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import ClientError
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually, next_port, transfer, udp
from tests.system.fixtures.topology import End

pytestmark = pytest.mark.usefixtures("dpdk_only")

RESOLVER_PORT = 8050


def named(name: str, end: End, neighbour: End) -> dict[str, str]:
    return {
        "AERON_NAME_RESOLVER_SUPPLIER": "driver",
        "AERON_DRIVER_RESOLVER_NAME": name,
        "AERON_DRIVER_RESOLVER_INTERFACE": f"{end.address}:{RESOLVER_PORT}",
        "AERON_DRIVER_RESOLVER_BOOTSTRAP_NEIGHBOR": f"{neighbour.address}:{RESOLVER_PORT}",
        "AERON_DRIVER_RESOLVER_NEIGHBOR_TIMEOUT": "60s",
    }


def named_over_ipv6(name: str, address: str, neighbour: str) -> dict[str, str]:
    return {
        "AERON_NAME_RESOLVER_SUPPLIER": "driver",
        "AERON_DRIVER_RESOLVER_NAME": name,
        "AERON_DRIVER_RESOLVER_INTERFACE": f"[{address}]:{RESOLVER_PORT}",
        "AERON_DRIVER_RESOLVER_BOOTSTRAP_NEIGHBOR": f"[{neighbour}]:{RESOLVER_PORT}",
    }


def knows_its_neighbour(driver: Driver) -> bool:
    return driver.counters().labelled("Resolver cache entries") > 0


@pytest.fixture(scope="module", params=["stock", "ours"])
def neighbours(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[Driver, Driver]]:
    """Our driver, called left, and a stock one or another of ours, called right."""
    is_peer_kernel = request.param == "stock"
    with (
        topology.straight("names", is_ours_kernel=False, is_peer_kernel=is_peer_kernel) as wire,
        ExitStack() as undo,
    ):
        left = maker.dpdk(wire.ours, AF_PACKET, "names-left", settings=named("left", wire.ours, wire.peer))
        settings = named("right", wire.peer, wire.ours)
        right = (
            maker.kernel(wire.peer, "names-right", **settings)
            if is_peer_kernel
            else maker.dpdk(wire.peer, AF_PACKET, "names-right", settings=settings)
        )
        for driver in (left, right):
            undo.callback(driver.discard)
            driver.start()
        for driver in (left, right):
            eventually(partial(knows_its_neighbour, driver), f"{driver.label} knows the other")
        yield left, right
        assert left.stop() == 0, left.output


def test_a_stream_finds_the_other_driver_by_its_name(neighbours: tuple[Driver, Driver]) -> None:
    left, right = neighbours
    port = next_port()
    transfer(left, right, udp("right", port), udp(right.address, port), messages=100, max=2000)


def test_the_other_driver_finds_us_by_our_name(neighbours: tuple[Driver, Driver]) -> None:
    left, right = neighbours
    port = next_port()
    transfer(right, left, udp("left", port), udp(left.address, port), messages=100, max=2000)


def test_a_channel_does_not_get_the_resolvers_port(neighbours: tuple[Driver, Driver]) -> None:
    left, _ = neighbours
    with pytest.raises(ClientError) as refused:
        left.client("subscribe", channel=udp(left.address, RESOLVER_PORT)).await_event("ready")
    assert "is in use" in refused.value.message


@pytest.mark.parametrize("is_peer_kernel", [True, False], ids=["stock", "ours"])
def test_drivers_tell_each_other_their_names_over_ipv6(maker: Maker, is_peer_kernel: bool) -> None:
    """No stream by name: Aeron resolves names only as IPv4 names (aeron_driver_name_resolver_resolve())."""
    here, there = "fd91::1", "fd91::2"
    with (
        topology.straight("names6", is_ours_kernel=False, is_peer_kernel=is_peer_kernel) as wire,
        ExitStack() as undo,
    ):
        left = maker.dpdk(
            wire.ours,
            AF_PACKET,
            "names6-left",
            settings={**named_over_ipv6("left", here, there), "AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{here}/64"},
        )
        settings = named_over_ipv6("right", there, here)
        if is_peer_kernel:
            topology.take_ipv6(wire.peer, f"{there}/64")
            right: Driver = maker.kernel(wire.peer, "names6-right", **settings)
        else:
            own = {**settings, "AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{there}/64"}
            right = maker.dpdk(wire.peer, AF_PACKET, "names6-right", settings=own)
        for driver in (left, right):
            undo.callback(driver.discard)
            driver.start()
        for driver in (left, right):
            eventually(partial(knows_its_neighbour, driver), f"{driver.label} knows the other")
            assert driver.counters().labelled("Resolver neighbors") == 1
        assert left.counters().errors == ()
        assert left.stop() == 0, left.output
