"""The same driver on other virtual devices: AF_XDP and tap with a kernel as peer, memif with itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.namespace import LabError
from tests.system.fixtures.testbed import AF_XDP, Content, Maker, eventually, next_port, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End

from aeron_dpdk.exit_code import ExitCode

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 1000, "min": 1, "max": 20000}


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


def expect_link_changes(driver: Driver, count: int) -> None:
    eventually(
        lambda: driver.counters().labelled("dpdk-link-changes") == count, f"{count} link changes are seen"
    )


def test_a_link_that_goes_down_and_up_is_counted_logged_and_survived(maker: Maker) -> None:
    """The tap PMD reports the link state; af_packet always says up."""
    with maker.tap("flap") as (ours, kernel):
        peer = maker.kernel(kernel, "flap-peer")
        try:
            peer.start()
            for changes, state in ((1, "down"), (2, "up")):
                kernel.namespace.ip("link", "set", kernel.interface, state)
                expect_link_changes(ours, changes)
            for source, sink in ((ours, peer), (peer, ours)):
                transfer(source, sink, udp(sink.address, next_port()), **CONTENT)
            said = [line for line in ours.output.lower().splitlines() if "link" in line]
            assert sum("down" in line for line in said) == 1
        finally:
            peer.discard()


def test_a_memif_server_that_was_killed_starts_again_and_a_second_one_is_told_of_the_first(
    maker: Maker, tmp_path: Path
) -> None:
    with topology.namespaces("stale") as (namespace,):
        end = End(namespace, "", "02:ad:00:00:00:01", "10.91.0.1", is_kernel=False)
        device = MEMIF.format(role="server", socket=tmp_path / "memif", mac=end.mac)
        first, second = (maker.dpdk(end, device, label) for label in ("stale-first", "stale-second"))
        try:
            first.start()
            first.kill()
            first.start()
            with pytest.raises(LabError, match=f"another memif server listens on {tmp_path / 'memif'}"):
                second.start()
            assert first.stop() == ExitCode.OK
        finally:
            first.discard()
            second.discard()


MEMIF = "net_memif0,role={role},id=0,socket={socket},socket-abstract=no,mac={mac}"


@pytest.mark.parametrize("direction", ["from_the_server", "to_the_server"])
def test_two_of_our_drivers_meet_over_memif(maker: Maker, tmp_path: Path, direction: str) -> None:
    with topology.namespaces("memif") as (namespace,):
        made = []
        for number, role in ((1, "server"), (2, "client")):
            end = End(namespace, "", f"02:ad:00:00:00:0{number}", f"10.91.0.{number}", is_kernel=False)
            device = MEMIF.format(role=role, socket=tmp_path / "memif", mac=end.mac)
            made.append(maker.dpdk(end, device, f"memif-{role}"))
        try:
            for driver in made:
                driver.start()
            source, sink = made if direction == "from_the_server" else made[::-1]
            transfer(source, sink, udp(sink.address, next_port()), **CONTENT)
            transfer(sink, source, udp(source.address, next_port()), **CONTENT)
        finally:
            for driver in made:
                driver.discard()


def test_a_memif_client_finds_its_server_again(maker: Maker, tmp_path: Path) -> None:
    with topology.namespaces("memif") as (namespace,):
        server, client = (
            maker.dpdk(
                End(namespace, "", f"02:ad:00:00:00:0{number}", f"10.91.0.{number}", is_kernel=False),
                MEMIF.format(role=role, socket=tmp_path / "memif", mac=f"02:ad:00:00:00:0{number}"),
                f"again-{role}",
            )
            for number, role in ((1, "server"), (2, "client"))
        )
        try:
            server.start()
            client.start()
            transfer(server, client, udp(client.address, next_port()), **CONTENT)
            server.kill()
            eventually(
                lambda: aeron_dpdk("status", client).exit_code == ExitCode.UNHEALTHY, "a link that is down"
            )
            server.start()
            # The intervals between tries grow.
            eventually(lambda: aeron_dpdk("status", client).exit_code == 0, "the link is up", 60)
            for source, sink in ((server, client), (client, server)):
                transfer(source, sink, udp(sink.address, next_port()), **CONTENT)
            assert client.stop() == ExitCode.OK
        finally:
            client.discard()
            server.discard()
