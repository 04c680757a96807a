"""A guest with an ENA behind an IOMMU, and the model on this side."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from tests.lab.bed.driver import PATIENT, PciDriver
from tests.lab.bed.guest import ORDINARY_USER, Guest
from tests.lab.bed.hardware import Nic
from tests.lab.bed.kernel import Kernel
from tests.lab.ena.model import Ena
from tests.lab.machines import ENA, with_ena
from tests.lab.vfio_user.server import Server
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


@dataclass(frozen=True, slots=True)
class Adapter:
    """The NIC in the guest and its model. A test reaches into the model by `server.call`."""

    guest: Guest
    nic: Nic
    model: Ena
    server: Server


@pytest.fixture(scope="package")
def adapter(guest_kernel: Kernel) -> Iterator[Adapter]:
    with with_ena(guest_kernel, "ena") as guest:
        server = guest.models[ENA.tap]
        assert isinstance(server.device, Ena)
        yield Adapter(guest, ENA, server.device, server)
        assert server.failure is None
        assert guest.process.is_running, f"the guest died:\n{guest.log}"


@pytest.fixture(scope="package")
def peer(adapter: Adapter, installed: Installation) -> Iterator[Driver]:
    """A stock aeronmd on this machine's kernel, at the other end of the cable."""
    driver = Driver(installed, adapter.guest.far(adapter.nic), "ena-peer", PATIENT)
    driver.start()
    yield driver
    driver.discard()


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
def driver_settings() -> Mapping[str, str]:
    """What a module sets besides."""
    return {}


@pytest.fixture(scope="module")
def ours(
    adapter: Adapter, installed: Installation, handed_over: None, driver_settings: Mapping[str, str]
) -> Iterator[PciDriver]:
    """Started by root, then nobody in particular."""
    near, settings = adapter.guest.near(adapter.nic), {"AERON_DPDK_USER": ORDINARY_USER, **driver_settings}
    driver = PciDriver(installed, near, "ena-ours", settings, device=adapter.nic.pci_address)
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()
