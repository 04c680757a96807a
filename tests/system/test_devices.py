"""The same driver on the other virtual devices that reach a kernel: AF_XDP and tap."""

from collections.abc import Iterator

import pytest

from tests.system.bed import topology
from tests.system.bed.bed import AF_XDP, Maker, next_port, transfer, udp
from tests.system.bed.driver import Driver

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT = {"messages": 1000, "min": 1, "max": 20000}


@pytest.fixture(scope="module", params=["af_xdp", "tap"])
def drivers(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[Driver, Driver]]:
    """(ours, the kernel's)"""
    if request.param == "tap":
        with maker.tap("tap") as (ours, kernel):
            peer = maker.kernel(kernel, "tap-peer")
            peer.start()
            yield ours, peer
            peer.discard()
        return
    with topology.straight("xdp", is_ours_kernel=False) as wire:
        ours, peer = maker.dpdk(wire.ours, AF_XDP, "xdp-ours"), maker.kernel(wire.peer, "xdp-peer")
        ours.start()
        peer.start()
        yield ours, peer
        ours.discard()
        peer.discard()


@pytest.mark.parametrize("direction", ["out", "in"])
def test_streams_cross_this_device(drivers: tuple[Driver, Driver], direction: str) -> None:
    source, sink = drivers if direction == "out" else drivers[::-1]
    transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def test_pings_are_answered_over_this_device(drivers: tuple[Driver, Driver]) -> None:
    ours, peer = drivers
    said = peer.end.namespace.run("ping", "-c", "2", "-i", "0.2", "-w", "20", ours.address)
    assert " 2 received" in said
