"""Our driver on PCI devices, through vfio and an IOMMU: real poll-mode drivers, registers and DMA."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import PATIENT, PciDriver
from tests.lab.bed.guest import ORDINARY_USER, Guest
from tests.lab.bed.hardware import Nic
from tests.lab.bed.traffic import exchange
from tests.lab.machines import E1000E, VIRTIO, VMXNET3
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


@pytest.fixture(scope="module")
def huge_pages(guest: Guest) -> Iterator[None]:
    guest.write(HUGE_PAGES, "128")
    assert guest.read(HUGE_PAGES) == "128"
    yield
    guest.write(HUGE_PAGES, "0")


@pytest.fixture(scope="module", params=[E1000E, VMXNET3, VIRTIO], ids=["e1000e", "vmxnet3", "virtio"])
def nic(guest: Guest, vfio: None, request: pytest.FixtureRequest) -> Iterator[Nic]:
    """A NIC in the hands of vfio."""
    nic: Nic = request.param
    guest.bind(nic, "vfio-pci")
    yield nic
    guest.bind(nic)


@pytest.fixture(scope="module")
def peer(guest: Guest, nic: Nic, installed: Installation) -> Iterator[Driver]:
    """A stock aeronmd on this machine's kernel, at the other end of the NIC's cable."""
    driver = Driver(installed, guest.far(nic), f"{nic.tap}-peer", PATIENT)
    driver.start()
    yield driver
    driver.discard()


@pytest.fixture(scope="module")
def ours(guest: Guest, nic: Nic, installed: Installation, huge_pages: None) -> Iterator[PciDriver]:
    """Started by root, then nobody in particular."""
    driver = PciDriver(
        installed,
        guest.near(nic),
        f"{nic.tap}-ours",
        {"AERON_DPDK_USER": ORDINARY_USER},
        device=nic.pci_address,
    )
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()


def test_vfio_has_the_nic_and_its_group(guest: Guest, nic: Nic) -> None:
    assert guest.driver(nic) == "vfio-pci"
    assert guest.attempt("test", "-c", f"/dev/vfio/{guest.iommu_group(nic)}").returncode == 0


def test_the_driver_takes_the_nic_and_gives_up_root(ours: PciDriver, guest: Guest) -> None:
    assert guest.run("stat", "-c", "%U", str(ours.aeron_dir)).strip() == ORDINARY_USER


def test_the_kernel_pings_it(ours: PciDriver, peer: Driver) -> None:
    said = peer.end.namespace.run("ping", "-c", "2", "-w", "60", ours.address)
    assert " 2 received" in said


def test_streams_cross_the_cable_both_ways(ours: PciDriver, peer: Driver) -> None:
    exchange(ours, peer)
