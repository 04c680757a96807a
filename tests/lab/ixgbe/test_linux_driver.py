"""The 82599 model, judged by Debian's own ixgbe.ko: on what that accepts, a poll-mode driver may be tried."""

from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import GuestDriver, peer_of
from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.traffic import await_ping, drop_address, exchange, take_address
from tests.lab.ixgbe.machine import IXGBE, set_carrier, with_82599
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

COMPLAINTS = ("error", "warning", "fail", "reset", "hang", "not valid", "unsupported", "pre-production")
# Its counters that must have moved after a stream each way.
MOVED = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_pkts_nic", "tx_pkts_nic", "tx_bytes_nic")


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with with_82599(guest_kernel, "ixk") as booted:
        booted.run("modprobe", "ixgbe")
        take_address(booted, IXGBE)
        await_ping(booted, IXGBE)
        yield booted


@pytest.fixture(scope="module")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, IXGBE, installed) as driver:
        yield driver


def stream_both_ways(guest: Guest, installed: Installation, peer: Driver) -> None:
    """Through stock aeronmd on the guest's kernel."""
    driver = GuestDriver(installed, guest.near(IXGBE, is_kernel=True), "ixk-kernel")
    try:
        driver.start()
        exchange(driver, peer)
    finally:
        driver.discard()


def said_by_the_driver(guest: Guest) -> list[str]:
    return [line for line in guest.run("dmesg").splitlines() if "ixgbe" in line]


def statistics(guest: Guest) -> dict[str, int]:
    lines = guest.run("ethtool", "-S", guest.interface(IXGBE)).splitlines()[1:]
    return {name.strip(): int(value) for name, _, value in (line.rpartition(":") for line in lines)}


def has_carrier(guest: Guest) -> bool:
    return guest.read(f"/sys/class/net/{guest.interface(IXGBE)}/carrier") == "1"


def test_it_finds_an_82599_with_an_sfp_module_and_a_mac(guest: Guest) -> None:
    said = " ".join(said_by_the_driver(guest))
    assert "MAC: 2, PHY: 20, SFP+: 5" in said  # ixgbe_type.h: 82599EB, an Intel module, SR or LR
    assert IXGBE.mac in said


def test_it_reads_the_module_over_i2c(guest: Guest) -> None:
    assert "SR MODEL" in guest.run("ethtool", "-m", guest.interface(IXGBE))


def test_it_sees_ten_gigabits(guest: Guest) -> None:
    assert "Speed: 10000Mb/s" in guest.run("ethtool", guest.interface(IXGBE))


def test_streams_cross_both_ways(guest: Guest, installed: Installation, peer: Driver) -> None:
    before = statistics(guest)
    stream_both_ways(guest, installed, peer)
    after = statistics(guest)
    assert [name for name in MOVED if after[name] <= before[name]] == []
    assert {name: count for name, count in after.items() if "error" in name and count} == {}


def test_jumbo_frames_pass_whole_after_a_change_of_mtu(guest: Guest) -> None:
    end, interface = guest.far(IXGBE), guest.interface(IXGBE)
    guest.inside.ip("link", "set", interface, "mtu", "9000")
    guest.outside.ip("link", "set", end.interface, "mtu", "9000")
    try:
        settles(lambda: has_carrier(guest), "carrier")
        settles(lambda: pings(guest, 8972), "9,000 bytes in one frame come back")
        assert not pings(guest, 8973)
    finally:
        guest.inside.ip("link", "set", interface, "mtu", "1500")
        guest.outside.ip("link", "set", end.interface, "mtu", "1500")
    settles(lambda: has_carrier(guest), "carrier")


def pings(guest: Guest, payload: int) -> bool:
    far = guest.far(IXGBE).address
    return guest.attempt("ping", "-c1", "-W3", "-Mdo", f"-s{payload}", far).returncode == 0


def test_it_sees_the_cable_pulled_and_plugged(guest: Guest) -> None:
    set_carrier(guest, is_up=False)
    settles(lambda: not has_carrier(guest), "no carrier")
    set_carrier(guest, is_up=True)
    settles(lambda: has_carrier(guest), "carrier")
    await_ping(guest, IXGBE)


def test_the_interface_goes_down_and_comes_back(guest: Guest) -> None:
    drop_address(guest, IXGBE)
    take_address(guest, IXGBE)
    await_ping(guest, IXGBE)


def test_the_module_is_loaded_a_second_time(guest: Guest, installed: Installation, peer: Driver) -> None:
    guest.run("modprobe", "-r", "ixgbe")
    guest.run("modprobe", "ixgbe")
    take_address(guest, IXGBE)
    await_ping(guest, IXGBE)
    stream_both_ways(guest, installed, peer)


def test_it_had_nothing_to_complain_of(guest: Guest) -> None:
    said = said_by_the_driver(guest)
    assert [line for line in said if any(word in line.lower() for word in COMPLAINTS)] == []
