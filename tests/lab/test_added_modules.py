"""ENA and the 82599 without an IOMMU, as in most instances, with each driver available: vfio in its
no-IOMMU mode and igb_uio, which users add to Debian's kernel, and uio_pci_generic, on which a current DPDK
supports ENA too. One driver of ours uses both NICs."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.recovery import KEEP_ALIVE_TIMED_OUT, recovers, stop_keep_alives
from tests.lab.fixtures import added_modules
from tests.lab.fixtures.driver import BY_ROOT, PciDriver, Way, ours, peer_of
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.hardware import PortNic
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.operator import Operator
from tests.lab.fixtures.pulled import misses_its_nic_and_stops_in_order
from tests.lab.fixtures.traffic import await_ping, exchange, take_address
from tests.lab.ixgbe import machine
from tests.lab.machines import ENA, without_iommu
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.machine.plan.choice import ENA_POLL_ARGUMENT, ENA_POLLS_SINCE
from aeron_dpdk.tools.host import dpdk_release

pytestmark = pytest.mark.long

UIO = "uio_pci_generic"
IXGBE = replace(machine.IXGBE, slot=10)
NICS = (ENA, IXGBE)
PULLED = PortNic("e1000e", subnet=1, slot=4)
# With small rings, because the guest has little memory.
ON_BOTH = Way(
    settings={
        "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": f"{IXGBE.address}/24",
        "AERON_DPDK_RX_QUEUE_SIZE": "256",
        "AERON_DPDK_TX_QUEUE_SIZE": "256",
        "AERON_DPDK_1_RX_QUEUE_SIZE": "256",
        "AERON_DPDK_1_TX_QUEUE_SIZE": "256",
    },
    eal_options=("-a", IXGBE.pci_address),
)
MODE = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
ACTIVE = f"ena.write-combining-active/{ENA.pci_address}"


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with without_iommu(added_modules.fetch(guest_kernel), "added", ENA, IXGBE, PULLED) as booted:
        booted.run("mount", "-t", "debugfs", "debugfs", "/sys/kernel/debug")
        for nic in NICS:
            take_address(booted, nic)
        booted.run("ethtool", "-X", booted.interface(ENA), "weight", "3", "1")
        booted.run("ethtool", "--set-tunable", booted.interface(ENA), "rx-copybreak", "128")
        yield booted


@pytest.fixture(scope="module")
def operator(guest: Guest, installed: Installation) -> Operator:
    return Operator(guest, installed)


@pytest.fixture(scope="module")
def peers(guest: Guest, installed: Installation) -> Iterator[tuple[Driver, Driver]]:
    with peer_of(guest, ENA, installed) as one, peer_of(guest, IXGBE, installed) as other:
        yield one, other


def carries_on_both(guest: Guest, driver: PciDriver, peers: tuple[Driver, Driver]) -> None:
    """Streams both ways over each NIC of one driver."""
    for nic, peer in zip(NICS, peers, strict=True):
        exchange(replace(driver, end=guest.near(nic)), peer)


def test_vfio_does_without_an_iommu_in_its_unsafe_mode_and_undo_switches_it_off(
    guest: Guest, operator: Operator, installed: Installation, peers: tuple[Driver, Driver]
) -> None:
    assert operator.findings()["iommu.no-iommu-mode"]["seen"] == "available but off"
    with operator.set_up(*NICS) as said:
        assert "vfio can work without" in said
        assert {guest.driver(nic) for nic in NICS} == {"vfio-pci"}
        assert guest.read(MODE) == "Y"
        with ours(guest, ENA, installed, ON_BOTH) as driver:
            carries_on_both(guest, driver, peers)
    for nic in NICS:
        await_ping(guest, nic)


def test_igb_uio_maps_the_devices_memory_write_combining_when_setup_loads_it(
    guest: Guest, operator: Operator, installed: Installation, peers: tuple[Driver, Driver]
) -> None:
    with operator.set_up(*NICS, options=("--driver", "igb_uio")):
        assert {guest.driver(nic) for nic in NICS} == {"igb_uio"}
        with ours(guest, ENA, installed, ON_BOTH) as driver:
            carries_on_both(guest, driver, peers)
            assert operator.findings()[ACTIVE]["seen"] == "the device memory is mapped write-combining"
    for nic in NICS:
        await_ping(guest, nic)


def test_igb_uio_that_somebody_loaded_without_it_carries_streams_and_doctor_says_what_is_lost(
    guest: Guest, operator: Operator, installed: Installation, peers: tuple[Driver, Driver]
) -> None:
    guest.run("modprobe", "-r", "igb_uio")
    with guest.handed_over(ENA, "igb_uio"), ours(guest, ENA, installed, BY_ROOT) as driver:
        exchange(driver, peers[0])
        finding = operator.findings()[ACTIVE]
        assert (finding["status"], finding["seen"]) == (
            "FAIL",
            "the device memory is mapped uncached-minus",
        )


def test_setup_refuses_uio_pci_generic_to_a_dpdk_that_cannot_poll_ena(
    guest: Guest, operator: Operator
) -> None:
    if (dpdk_release() or ENA_POLLS_SINCE) >= ENA_POLLS_SINCE:
        pytest.skip("this machine's DPDK is none of those")
    with operator.giving_back():
        bound = guest.driver(ENA)
        refused = operator.attempt("setup", "--yes", "--nic", ENA.pci_address, "--driver", UIO)
        assert refused.returncode == ExitCode.REFUSED
        assert "ENA needs DPDK 24.03 on uio_pci_generic" in refused.stderr
        assert guest.driver(ENA) == bound


def test_a_dpdk_that_can_poll_ena_carries_streams_over_uio_pci_generic(
    guest: Guest, current: Installation, peers: tuple[Driver, Driver]
) -> None:
    """The driver is started without -a, as on the page, and names the argument itself."""
    operator, adapter = Operator(guest, current), Adapter(guest, ENA)
    with operator.set_up(*NICS, options=("--driver", UIO)) as said:
        assert f"aeronmd_dpdk -a {ENA.pci_address},{ENA_POLL_ARGUMENT}" in said
        assert {guest.driver(nic) for nic in NICS} == {UIO}
        with ours(guest, ENA, current, replace(ON_BOTH, names_device=False, eal_options=())) as driver:
            carries_on_both(guest, driver, peers)
            fail = partial(stop_keep_alives, adapter.model.faults)
            recovers(adapter, driver, peers[0], fail, {KEEP_ALIVE_TIMED_OUT})


def test_a_driver_whose_nic_was_pulled_from_igb_uio_says_so_and_stops_in_order(operator: Operator) -> None:
    misses_its_nic_and_stops_in_order(operator, PULLED, "igb_uio")
