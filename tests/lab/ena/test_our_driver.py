"""Our driver on the model: DPDK's net_ena through vfio and an IOMMU."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import PciDriver
from tests.lab.bed.guest import ORDINARY_USER
from tests.lab.bed.traffic import exchange
from tests.lab.ena.conftest import Adapter
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


@pytest.fixture(scope="module")
def handed_over(adapter: Adapter) -> Iterator[None]:
    """The NIC is vfio's, and there are huge pages."""
    guest = adapter.guest
    guest.run("modprobe", "vfio-pci")
    guest.write(HUGE_PAGES, "128")
    guest.bind(adapter.nic, "vfio-pci")
    yield
    guest.bind(adapter.nic)
    guest.write(HUGE_PAGES, "0")


@pytest.fixture(scope="module")
def ours(adapter: Adapter, installed: Installation, handed_over: None) -> Iterator[PciDriver]:
    """Started by root, then nobody in particular."""
    near, settings = adapter.guest.near(adapter.nic), {"AERON_DPDK_USER": ORDINARY_USER}
    driver = PciDriver(installed, near, "ena-ours", settings, device=adapter.nic.pci_address)
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()


def test_the_kernel_pings_it(ours: PciDriver, peer: Driver) -> None:
    assert " 2 received" in peer.end.namespace.run("ping", "-c", "2", "-w", "60", ours.address)


def test_streams_cross_both_ways(ours: PciDriver, peer: Driver) -> None:
    exchange(ours, peer)
