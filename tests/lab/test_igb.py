"""QEMU's igb: with its kernel driver, then as a whole with ours, then one of its virtual functions with
ours."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.lab.fixtures.boot import boot
from tests.lab.fixtures.driver import ours, peer_of
from tests.lab.fixtures.guest import DEVICES, HUGE_PAGES, Guest, settles
from tests.lab.fixtures.hardware import Hardware, Nic, PortNic
from tests.lab.fixtures.interface import (
    carries_jumbo_frames,
    complaints,
    has_carrier,
    has_streams_counted,
    reload,
)
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.operator import Operator
from tests.lab.fixtures.traffic import SHORT, Stream, await_ping, drop_address, exchange, take_address
from tests.lab.machines import IOMMU_PARAMETERS
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

from aeron_dpdk.exit_code import ExitCode

REFUSED = 22
# A tap does not pad frames to Ethernet's 60 bytes, and QEMU's igb counts each short frame as an error.
UNPADDED = frozenset({"rx_short_length_errors", "rx_length_errors", "rx_errors"})
# HWTSTAMP_TX_ON, HWTSTAMP_FILTER_PTP_V2_EVENT (linux/net_tstamp.h)
STAMPS = ("1", "12")
# SIOCSHWTSTAMP, SIOCGHWTSTAMP (linux/sockios.h) with a struct ifreq that points to a hwtstamp_config.
TIME_STAMPING = """
import ctypes, fcntl, socket, struct, sys
config = ctypes.create_string_buffer(struct.pack("=3I", 0, *map(int, sys.argv[2:] or (0, 0))), 12)
request = struct.pack("16sQ16x", sys.argv[1].encode(), ctypes.addressof(config))
fcntl.ioctl(socket.socket(), 0x89B0 if sys.argv[2:] else 0x89B1, request)
print(*struct.unpack("=3I", config.raw)[1:])
"""
PF = PortNic("igb", subnet=10, slot=4)
WANTED_BACK = f"{PF.pci_address} is about to be removed, and the kernel waits"


@dataclass(frozen=True, slots=True)
class VirtualFunction(Nic):
    """It shares the physical function's cable, but has its own addresses."""

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


@pytest.fixture
def unbound(guest: Guest) -> Iterator[Nic]:
    """A virtual function without a driver."""
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_drivers_autoprobe", "0")
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_numvfs", "1")
    place = guest.run("readlink", f"{DEVICES}/{PF.pci_address}/virtfn0").strip().rpartition("/")[2]
    nic = VirtualFunction("igbvf", PF.subnet, slot=PF.slot, place=place)
    guest.inside.ip("link", "set", guest.interface(PF), "vf", "0", "mac", nic.mac)
    yield nic
    guest.write(f"{DEVICES}/{PF.pci_address}/sriov_numvfs", "0")


@pytest.fixture
def virtual_function(guest: Guest, unbound: Nic) -> Iterator[Nic]:
    """The same, bound to vfio."""
    guest.bind(unbound, "vfio-pci")
    yield unbound
    guest.bind(unbound)


def test_streams_cross_both_ways_on_the_kernels_driver_and_are_counted(
    guest: Guest, installed: Installation, peer: Driver
) -> None:
    has_streams_counted(guest, PF, installed, peer, UNPADDED)


def test_jumbo_frames_pass_whole_after_a_change_of_mtu(guest: Guest) -> None:
    carries_jumbo_frames(guest, PF)


def test_the_kernel_sees_the_cable_pulled_and_plugged(guest: Guest) -> None:
    for is_up in (False, True):
        guest.set_carrier(PF, is_up=is_up)
        settles(lambda: has_carrier(guest, PF) == is_up, f"carrier: {is_up}")  # noqa: B023
    await_ping(guest, PF)


def test_the_kernels_driver_is_loaded_a_second_time_and_had_nothing_to_complain_of(guest: Guest) -> None:
    reload(guest, "igb")
    take_address(guest, PF)
    await_ping(guest, PF)
    assert complaints(guest, "igb") == []


@pytest.mark.parametrize("build", ["installed", pytest.param("current", marks=pytest.mark.long)])
def test_the_physical_function_carries_streams_and_comes_back_as_it_was(
    guest: Guest, installed: Installation, build: str, request: pytest.FixtureRequest, peer: Driver
) -> None:
    """Including its time stamping; also on a current DPDK."""
    stamp(guest, *STAMPS)
    with Operator(guest, installed).set_up(PF):
        assert guest.driver(PF) == "vfio-pci"
        with ours(guest, PF, request.getfixturevalue(build)) as driver:
            assert "net_e1000_igb port" in driver.output
            exchange(driver, peer)
    assert stamp(guest) == STAMPS
    await_ping(guest, PF)


def stamp(guest: Guest, *wanted: str) -> tuple[str, ...]:
    """Which frames a NIC time-stamps when sending and receiving: reads the modes, or sets them."""
    said = guest.run(sys.executable, "-c", TIME_STAMPING, guest.interface(PF), *wanted)
    return tuple(said.split())


def test_the_kernels_own_driver_takes_a_virtual_function(guest: Guest, unbound: Nic) -> None:
    # Each of the two in the subnet must answer ARP only for itself.
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
    operator = Operator(guest, installed)
    drop_address(guest, PF)
    try:
        with operator.giving_back():
            done = operator.attempt("setup", "--yes", "--nic", PF.pci_address)
    finally:
        take_address(guest, PF)
    assert done.returncode == REFUSED
    assert "virtual functions" in done.stderr
    assert guest.driver(PF) == "igb"
    assert guest.driver(virtual_function) == "vfio-pci"


def test_a_nic_that_is_to_be_pulled_stays_until_the_driver_ends_which_says_so(
    guest: Guest, installed: Installation, peer: Driver
) -> None:
    """vfio releases a device only when its user does."""
    drop_address(guest, PF)
    guest.bind(PF, "vfio-pci")
    with ours(guest, PF, installed) as driver:
        streams = Stream.both_ways(driver, peer, SHORT)
        guest.pull(PF)
        settles(lambda: WANTED_BACK in driver.output, "the kernel asks for the device")
        for stream in streams:
            stream.check()
        status = Operator(guest, installed).attempt("status", "--aeron-dir", str(driver.aeron_dir))
        assert status.returncode == ExitCode.UNHEALTHY
        assert "gone or going" in status.stdout
        assert driver.output.count(WANTED_BACK) == 1
    settles(lambda: guest.attempt("ls", f"{DEVICES}/{PF.pci_address}").returncode != 0, "the NIC is gone")
