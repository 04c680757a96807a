"""The aarch64 bundle's drivers under user mode emulation, and this machine's own clients on them.

Aeron's shared memory has the same layout on both machines, so only the drivers are emulated. They meet over
net_memif, whose rings do not: they are aligned to cache lines, 128 bytes on aarch64 (DPDK,
drivers/net/memif/memif.h), so this machine's driver is met over a tap instead. qemu's user mode refuses the
socket option PACKET_VERSION, which net_af_packet needs, and bpf(2), which net_af_xdp needs. An emulated
aarch64 orders memory as strongly as this machine does, so these tests cannot find a missing barrier;
tests/interleavings can.

Run by `./dev bundle --arch aarch64 --test`."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from release.bundle import STAGE
from release.project import name
from release.target import TARGETS
from tests.system.fixtures import installation, topology
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.testbed import Content, Maker, next_port, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End

MACHINE = "aarch64"
TREE = STAGE / name(MACHINE)
SYSROOT = "QEMU_LD_PREFIX"  # where qemu finds the emulated machine's loader and C library
CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
PATIENT = {
    "AERON_IMAGE_LIVENESS_TIMEOUT": "30s",
    "AERON_PUBLICATION_CONNECTION_TIMEOUT": "30s",
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def native() -> Installation:
    found = installation.find()
    assert not isinstance(found, str), found
    return found


@pytest.fixture(scope="module")
def emulated(native: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The clients are this checkout's, the drivers are the bundle's."""
    target = TARGETS[MACHINE]
    if not target.is_emulated or not TREE.exists():
        pytest.skip(f"needs the bundle's tree, on another machine (./dev bundle --arch {MACHINE} --test)")
    target.prepare()
    root = target.bare_root("bullseye")
    root.make()
    libraries = tmp_path_factory.mktemp(
        "sysroot"
    )  # only these: qemu would prefer the root's /dev and /etc too
    (libraries / "lib").symlink_to(root.folder / "lib")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SYSROOT, str(libraries))
        yield replace(native, aeronmd=TREE / "aeronmd", aeronmd_dpdk=TREE / "aeronmd_dpdk")


@contextmanager
def joined(
    label: str, folder: Path, installation: Installation, **settings: str
) -> Iterator[list[DpdkDriver]]:
    """Two drivers on the two ends of a memif link; neither is started."""
    with topology.namespaces(f"{label}-server", f"{label}-client") as namespaces, ExitStack() as undo:
        drivers = []
        for number, (role, namespace) in enumerate(zip(("server", "client"), namespaces, strict=True)):
            mac = f"02:ad:00:00:00:0{number + 1}"
            end = End(namespace, "", mac, f"10.91.0.{number + 1}", is_kernel=False)
            device = f"net_memif0,role={role},socket={folder}/memif.sock,socket-abstract=no,mac={mac}"
            driver = DpdkDriver(installation, end, f"{label}-{role}", {**PATIENT, **settings}, device=device)
            driver.start_timeout_s = START_TIMEOUT_S
            undo.callback(driver.discard)
            drivers.append(driver)
        yield drivers


def stop(driver: Driver) -> int:
    assert driver.process is not None
    return driver.process.terminate(STOP_TIMEOUT_S)


def exchange(one: Driver, other: Driver) -> None:
    for source, sink in ((one, other), (other, one)):
        transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def exchange_every_shape(one: Driver, other: Driver) -> None:
    """Lengths around a frame's boundary, and enough of them for ten terms."""
    small = {"term_length": "64k", "mtu": 1408}
    for source, sink in ((one, other), (other, one)):
        for length in (1, 31, 32, 33, 1376, 1377):
            channel = udp(sink.address, next_port(), **small)
            transfer(source, sink, channel, messages=50, min=length, max=length)
        terms = udp(sink.address, next_port(), **small)
        assert transfer(source, sink, terms, messages=500, min=1, max=8192).position > 10 * 64 * 1024


@pytest.mark.parametrize("mode", ["DEDICATED", "SHARED_NETWORK", "SHARED", "INVOKER"])
def test_two_emulated_drivers_exchange_streams_in_this_threading_mode(
    emulated: Installation, tmp_path: Path, mode: str
) -> None:
    with joined("arm", tmp_path, emulated, AERON_THREADING_MODE=mode) as (server, client):
        server.start()
        client.start()
        exchange(server, client)
        assert [stop(driver) for driver in (client, server)] == [0, 0]


def test_two_emulated_drivers_exchange_streams_of_every_shape(emulated: Installation, tmp_path: Path) -> None:
    with joined("shapes", tmp_path, emulated) as (server, client):
        server.start()
        client.start()
        exchange_every_shape(server, client)
        for driver in (server, client):
            assert aeron_dpdk("status", driver, "--json").json["problems"] == []


def test_an_emulated_driver_that_was_killed_starts_again_and_goes_on(
    emulated: Installation, tmp_path: Path
) -> None:
    with joined("killed", tmp_path, emulated) as (server, client):
        server.start()
        client.start()
        exchange(server, client)
        client.kill()
        client.start()
        exchange(server, client)
        assert stop(client) == 0


def test_aerons_own_driver_of_the_bundle_exchanges_streams_with_this_machines_over_the_kernel(
    emulated: Installation, native: Installation
) -> None:
    with topology.straight("stock", is_ours_kernel=True) as wire, ExitStack() as undo:
        drivers = [
            Driver(each, end, f"stock-{label}", PATIENT, start_timeout_s=START_TIMEOUT_S)
            for each, end, label in ((emulated, wire.ours, "arm"), (native, wire.peer, "here"))
        ]
        for driver in drivers:
            undo.callback(driver.discard)
            driver.start()
        exchange(*drivers)


def test_an_emulated_driver_exchanges_streams_over_a_tap_with_the_stock_driver_on_the_kernel(
    emulated: Installation, native: Installation
) -> None:
    maker = Maker(emulated, is_ours_kernel=False)
    with maker.tap("armtap", settings=PATIENT, start_timeout_s=START_TIMEOUT_S) as (ours, kernel):
        peer = Driver(native, kernel, "armtap-peer", PATIENT)
        try:
            peer.start()
            exchange_every_shape(ours, peer)
            assert stop(ours) == 0
        finally:
            peer.discard()
