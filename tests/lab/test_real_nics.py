"""Our driver on PCI devices, through vfio and an IOMMU: real poll-mode drivers, registers and DMA."""

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from tests.lab.fixtures.driver import PciDriver, ours, peer_of
from tests.lab.fixtures.guest import ORDINARY_USER, PATIENCE_S, Guest
from tests.lab.fixtures.hardware import Nic
from tests.lab.fixtures.traffic import CONTENT, exchange
from tests.lab.ixgbe.filters import toeplitz
from tests.lab.ixgbe.test_filters import RSS_KEY
from tests.lab.machines import E1000E, VIRTIO, VMXNET3
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.testbed import next_port, transfer
from tests.system.fixtures.two_hosts import QUICK, check_figures_of_quick, ping, pong_beside

from aeron_dpdk.exit_code import ExitCode


@pytest.fixture(scope="module", params=[E1000E, VMXNET3, VIRTIO], ids=["e1000e", "vmxnet3", "virtio"])
def nic(guest: Guest, vfio: None, request: pytest.FixtureRequest) -> Iterator[Nic]:
    nic: Nic = request.param
    with guest.handed_over(nic):
        yield nic


@pytest.fixture(scope="module")
def peer(guest: Guest, nic: Nic, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, nic, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def started(guest: Guest, nic: Nic, installed: Installation) -> Iterator[PciDriver]:
    with ours(guest, nic, installed) as driver:
        yield driver


def test_vfio_has_the_nic_and_its_group(guest: Guest, nic: Nic) -> None:
    assert guest.driver(nic) == "vfio-pci"
    assert guest.attempt("test", "-c", f"/dev/vfio/{guest.iommu_group(nic)}").returncode == 0


def test_the_driver_takes_the_nic_and_gives_up_root(started: PciDriver, guest: Guest) -> None:
    assert guest.run("stat", "-c", "%U", str(started.aeron_dir)).strip() == ORDINARY_USER


def test_the_kernel_pings_it(started: PciDriver, peer: Driver) -> None:
    said = peer.end.namespace.run("ping", "-c", "2", "-w", "60", started.address)
    assert " 2 received" in said


def test_streams_cross_the_cable_both_ways(started: PciDriver, peer: Driver) -> None:
    exchange(started, peer)


# The same on each NIC, and on an emulated processor it takes its time: once is enough.
@pytest.mark.parametrize("nic", [E1000E], ids=["e1000e"], indirect=True)
def test_ping_on_this_machine_measures_round_trips_to_pong_in_the_guest(
    started: PciDriver, peer: Driver, tmp_path: Path
) -> None:
    """That figures come is tested. What they are says nothing: the guest's processor is emulated."""
    place = tmp_path / "ping.json"
    with pong_beside(started, "--address", started.address) as pong:
        assert pong.next_line(PATIENCE_S), pong.output
        done = ping(peer, started.address, *QUICK, f"--json={place}", timeout_s=PATIENCE_S)
        assert done.returncode == 0, done.stderr + pong.output
        assert pong.terminate(PATIENCE_S) == ExitCode.OK, pong.output
    check_figures_of_quick(place)


# Entries in the driver's redirection table, and the one that leads to the sender's queue (native/port/rss.c).
ENTRIES, SENDERS_ENTRY = 128, 127
# QEMU computes the hash itself; the device has several queues but no rules by UDP port.
on_a_device_that_hashes = pytest.mark.parametrize("nic", [VIRTIO], ids=["virtio"], indirect=True)


@on_a_device_that_hashes
def test_a_stream_that_the_hash_leads_to_the_senders_queue_is_handed_over_and_whole(
    nic: Nic, started: PciDriver, peer: Driver
) -> None:
    """Other streams, such as those of earlier tests, arrive on the queue of the thread that waits for
    them."""
    assert started.counters().labelled("dpdk-rx-handed-over") == 0
    port = next_port()
    control = next(each for each in iter(next_port, None) if senders(peer.address, each, nic.address, port))
    source = f"aeron:udp?control={peer.address}:{control}|control-mode=dynamic"
    sink = f"aeron:udp?endpoint={started.address}:{port}|control={peer.address}:{control}"
    transfer(peer, started, source, sink, **CONTENT)
    counters = started.counters()
    assert counters.labelled("dpdk-rx-handed-over") >= CONTENT["messages"]
    assert counters.labelled("dpdk-handoff-full") == 0


def senders(source: str, source_port: int, destination: str, port: int) -> bool:
    """Whether a datagram arrives on the sender's queue, by the key and the table that the driver sets."""
    addresses = IPv4Address(source).packed + IPv4Address(destination).packed
    return toeplitz(RSS_KEY, addresses + struct.pack(">HH", source_port, port)) % ENTRIES == SENDERS_ENTRY
