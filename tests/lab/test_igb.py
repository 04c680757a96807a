"""QEMU's igb: all of it ours, then under its kernel driver with one of its virtual functions ours."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.lab.bed.boot import boot
from tests.lab.bed.driver import ours, peer_of
from tests.lab.bed.guest import DEVICES, HUGE_PAGES, Guest
from tests.lab.bed.hardware import Hardware, Nic, PortNic
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.operator import Operator
from tests.lab.bed.traffic import await_ping, drop_address, exchange, take_address
from tests.lab.machines import IOMMU_PARAMETERS
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

REFUSED = 22
PF = PortNic("igb", subnet=10, slot=4)


@dataclass(frozen=True, slots=True)
class VirtualFunction(Nic):
    """Its cable is the physical function's, its addresses are its own."""

    place: str = ""

    @property
    def pci_address(self) -> str:
        return self.place

    @property
    def mac(self) -> str:
        return "02:ad:00:00:0a:03"

    @property
    def address(self) -> str:
        return "10.99.10.3"


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with boot(guest_kernel, Hardware((PF,)), "igb", IOMMU_PARAMETERS) as booted:
        booted.run("modprobe", "igb")
        booted.run("modprobe", "vfio-pci")
        booted.write(HUGE_PAGES, "128")
        take_address(booted, PF)
        await_ping(booted, PF)
        yield booted


@pytest.fixture(scope="module")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, PF, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def unbound(guest: Guest) -> Iterator[Nic]:
    """A virtual function that no driver has."""
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_drivers_autoprobe", "0")
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_numvfs", "1")
    place = guest.run("readlink", f"{DEVICES}/{PF.pci_address}/virtfn0").strip().rpartition("/")[2]
    nic = VirtualFunction("igbvf", PF.subnet, slot=PF.slot, place=place)
    guest.inside.ip("link", "set", guest.interface(PF), "vf", "0", "mac", nic.mac)
    yield nic
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_numvfs", "0")


@pytest.fixture(scope="module")
def virtual_function(guest: Guest, unbound: Nic) -> Iterator[Nic]:
    """The same, in the hands of vfio."""
    guest.bind(unbound, "vfio-pci")
    yield unbound
    guest.bind(unbound)


def test_the_physical_function_carries_streams(guest: Guest, installed: Installation, peer: Driver) -> None:
    drop_address(guest, PF)
    guest.bind(PF, "vfio-pci")
    try:
        with ours(guest, PF, installed) as driver:
            assert "net_e1000_igb port" in driver.output
            exchange(driver, peer)
    finally:
        guest.bind(PF)
        take_address(guest, PF)


def test_the_kernels_own_driver_takes_a_virtual_function(guest: Guest, unbound: Nic) -> None:
    # Each of the two in the subnet answers ARP for itself only.
    guest.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1")
    guest.inside.ip("address", "flush", "dev", guest.interface(PF))
    guest.run("modprobe", "igbvf")
    guest.bind(unbound, "igbvf")
    try:
        assert guest.driver(unbound) == "igbvf"
        take_address(guest, unbound)
        await_ping(guest, unbound)
    finally:
        guest.write(f"{DEVICES}/{unbound.pci_address}/driver/unbind", unbound.pci_address)
        take_address(guest, PF)


def test_a_virtual_function_carries_streams_beside_the_kernels_traffic(
    guest: Guest, installed: Installation, virtual_function: Nic, peer: Driver
) -> None:
    with ours(guest, virtual_function, installed) as driver:
        assert "net_e1000_igb_vf" in driver.output
        exchange(driver, peer)
        await_ping(guest, PF)


def test_setup_does_not_take_a_nic_whose_virtual_functions_are_in_use(
    guest: Guest, installed: Installation, virtual_function: Nic
) -> None:
    drop_address(guest, PF)
    try:
        done = Operator(guest, installed).attempt("setup", "--yes", "--nic", PF.pci_address)
    finally:
        take_address(guest, PF)
    assert done.returncode == REFUSED
    assert "virtual functions" in done.stderr
    assert guest.driver(PF) == "igb"
    assert guest.driver(virtual_function) == "vfio-pci"
