"""An ENA without an IOMMU, as in most instances, under what users add: vfio's no-IOMMU mode, and igb_uio."""

from collections.abc import Iterator

import pytest
from tests.lab.bed import added_modules
from tests.lab.bed.driver import BY_ROOT, ours, peer_of
from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.operator import Operator, state
from tests.lab.bed.traffic import await_ping, exchange, take_address
from tests.lab.machines import ENA, without_iommu
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

MODE = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
ACTIVE = f"ena.write-combining-active/{ENA.pci_address}"


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with without_iommu(added_modules.fetch(guest_kernel), "added", ENA) as booted:
        booted.run("mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug")
        take_address(booted, ENA)
        yield booted


@pytest.fixture(scope="module")
def operator(guest: Guest, installed: Installation) -> Operator:
    return Operator(guest, installed)


@pytest.fixture(scope="module")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, ENA, installed) as driver:
        yield driver


def test_vfio_does_without_an_iommu_in_its_unsafe_mode_and_undo_switches_it_off(
    guest: Guest, operator: Operator, installed: Installation, peer: Driver
) -> None:
    before = state(guest, ENA)
    assert operator.findings()["iommu.no-iommu-mode"]["seen"] == "available but off"
    said = operator.does("setup", "--yes", "--nic", ENA.pci_address)
    assert "vfio can do without" in said
    assert (guest.driver(ENA), guest.read(MODE)) == ("vfio-pci", "Y")
    with ours(guest, ENA, installed, BY_ROOT) as driver:
        exchange(driver, peer)
    operator.undo()
    settles(lambda: state(guest, ENA) == before, before)
    await_ping(guest, ENA)


def test_igb_uio_maps_the_devices_memory_write_combining_when_setup_loads_it(
    guest: Guest, operator: Operator, installed: Installation, peer: Driver
) -> None:
    before = state(guest, ENA)
    operator.does("setup", "--yes", "--nic", ENA.pci_address, "--driver", "igb_uio")
    assert guest.driver(ENA) == "igb_uio"
    with ours(guest, ENA, installed, BY_ROOT) as driver:
        exchange(driver, peer)
        assert operator.findings()[ACTIVE]["seen"] == "the device memory is mapped write-combining"
    operator.undo()
    settles(lambda: state(guest, ENA) == before, before)
    await_ping(guest, ENA)


def test_igb_uio_that_somebody_loaded_without_it_carries_streams_and_doctor_says_what_is_lost(
    guest: Guest, operator: Operator, installed: Installation, peer: Driver
) -> None:
    guest.run("modprobe", "-r", "igb_uio")
    with guest.handed_over(ENA, "igb_uio"), ours(guest, ENA, installed, BY_ROOT) as driver:
        exchange(driver, peer)
        finding = operator.findings()[ACTIVE]
        assert (finding["status"], finding["seen"]) == (
            "FAIL",
            "the device memory is mapped uncached-minus",
        )
