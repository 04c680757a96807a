"""A machine without an IOMMU, with a kernel whose vfio requires one: what is still possible, and for whom."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.driver import ours, peer_of
from tests.lab.fixtures.guest import ORDINARY_USER, Guest
from tests.lab.fixtures.hardware import PortNic
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.operator import Operator
from tests.lab.fixtures.pulled import misses_its_nic_and_stops_in_order
from tests.lab.fixtures.traffic import await_ping, exchange, take_address
from tests.lab.machines import without_iommu
from tests.system.fixtures.installation import Installation

UIO = "uio_pci_generic"
# In a slot from which it can be pulled, and can wake the machine.
NIC = PortNic("e1000e", subnet=1, slot=4)


@pytest.fixture(scope="module")
def bare(guest_kernel: Kernel) -> Iterator[Guest]:
    with without_iommu(guest_kernel, "bare", NIC) as booted:
        take_address(booted, NIC)
        booted.run("ethtool", "-s", booted.interface(NIC), "wol", "um")
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
    plan = operator.does("setup", "--dry-run", "--nic", NIC.pci_address, "--user", ORDINARY_USER)
    assert f"{ORDINARY_USER} needs an IOMMU" in plan
    assert f"driver of {NIC.pci_address}" not in plan


def test_setup_takes_what_remains_and_the_driver_carries_aeron_over_it(
    bare: Guest, installed: Installation, operator: Operator
) -> None:
    with operator.set_up(NIC) as said:
        assert f"{UIO}, because neither an IOMMU nor vfio's no-IOMMU mode is there" in said
        assert bare.driver(NIC) == UIO
        with peer_of(bare, NIC, installed) as peer, ours(bare, NIC, installed) as driver:
            exchange(driver, peer)
    await_ping(bare, NIC)


def test_a_driver_whose_nic_was_pulled_says_so_and_stops_in_order(operator: Operator) -> None:
    misses_its_nic_and_stops_in_order(operator, NIC, UIO)
