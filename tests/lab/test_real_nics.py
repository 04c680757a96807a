"""Our driver on PCI devices, through vfio and an IOMMU: real poll-mode drivers, registers and DMA."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import PciDriver, ours, peer_of
from tests.lab.bed.guest import ORDINARY_USER, Guest
from tests.lab.bed.hardware import Nic
from tests.lab.bed.traffic import exchange
from tests.lab.machines import E1000E, VIRTIO, VMXNET3
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation


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
