"""A machine without an IOMMU, with a kernel whose vfio cannot do without: what remains, and for whom."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import ours, peer_of
from tests.lab.bed.guest import ORDINARY_USER, Guest, settles
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.operator import Operator, state
from tests.lab.bed.traffic import await_ping, exchange, take_address
from tests.lab.machines import E1000E, without_iommu
from tests.system.bed.installation import Installation

UIO = "uio_pci_generic"


@pytest.fixture(scope="module")
def bare(guest_kernel: Kernel) -> Iterator[Guest]:
    with without_iommu(guest_kernel, "bare") as booted:
        take_address(booted, E1000E)
        yield booted


@pytest.fixture(scope="module")
def operator(bare: Guest, installed: Installation) -> Operator:
    return Operator(bare, installed)


def test_doctor_says_that_there_is_no_iommu_and_no_mode_without_one(operator: Operator) -> None:
    findings = operator.findings()
    assert findings["iommu.state"]["seen"].startswith("none")
    assert "CONFIG_VFIO_NOIOMMU" in findings["iommu.no-iommu-mode"]["seen"]
    assert UIO in findings["iommu.no-iommu-mode"]["remedy"]


def test_an_ordinary_user_is_told_that_it_takes_an_iommu(operator: Operator) -> None:
    plan = operator.does("setup", "--dry-run", "--nic", E1000E.pci_address, "--user", ORDINARY_USER)
    assert f"{ORDINARY_USER} needs an IOMMU" in plan
    assert f"driver of {E1000E.pci_address}" not in plan


def test_setup_takes_what_remains_and_the_driver_carries_aeron_over_it(
    bare: Guest, installed: Installation, operator: Operator
) -> None:
    before = state(bare, E1000E)
    said = operator.does("setup", "--yes", "--nic", E1000E.pci_address)
    assert f"{UIO}, because neither an IOMMU nor vfio's no-IOMMU mode is there" in said
    assert bare.driver(E1000E) == UIO
    carry_aeron(bare, installed)
    operator.undo()
    settles(lambda: state(bare, E1000E) == before, before)
    await_ping(bare, E1000E)


def carry_aeron(bare: Guest, installed: Installation) -> None:
    with peer_of(bare, E1000E, installed) as peer, ours(bare, E1000E, installed) as driver:
        exchange(driver, peer)
