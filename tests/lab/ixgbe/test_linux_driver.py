"""The 82599 model, validated by Debian's own ixgbe.ko: poll-mode drivers can be tried on what it accepts."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.guest import Guest, settles
from tests.lab.fixtures.interface import (
    carries_jumbo_frames,
    complaints,
    has_carrier,
    has_streams_counted,
    reload,
    statistics,
)
from tests.lab.fixtures.operator import Operator
from tests.lab.fixtures.traffic import await_ping, drop_address, take_address
from tests.lab.ixgbe.machine import IXGBE, set_carrier
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

from aeron_dpdk.exit_code import ExitCode

# The NIC's own counters, as opposed to the driver's.
OWN = ("rx_pkts_nic", "tx_pkts_nic", "tx_bytes_nic")

KEY = ":".join(f"{byte:02x}" for byte in range(40))
# None of these is what ixgbe sets when it takes over a device.
SETTINGS = (
    ("--set-priv-flags", "legacy-rx", "on"),
    ("-X", "weight", "1", "3"),
    ("-X", "hkey", KEY),
    ("-G", "rx", "256"),
    ("-A", "autoneg", "off", "rx", "on", "tx", "off"),
    ("-N", "rx-flow-hash", "udp4", "sdfn"),
    ("-C", "rx-usecs", "0"),
)


@pytest.fixture(scope="module", autouse=True)
def addressed(guest: Guest) -> Iterator[None]:
    guest.run("modprobe", "ixgbe")
    take_address(guest, IXGBE)
    await_ping(guest, IXGBE)
    yield
    drop_address(guest, IXGBE)


def said_by_the_driver(guest: Guest) -> list[str]:
    return [line for line in guest.run("dmesg").splitlines() if "ixgbe" in line]


def test_it_finds_an_82599_with_an_sfp_module_and_a_mac(guest: Guest) -> None:
    said = " ".join(said_by_the_driver(guest))
    assert "MAC: 2, PHY: 20, SFP+: 5" in said  # ixgbe_type.h: 82599EB, an Intel module, SR or LR
    assert IXGBE.mac in said


def test_it_reads_the_module_over_i2c(guest: Guest) -> None:
    assert "SR MODEL" in guest.run("ethtool", "-m", guest.interface(IXGBE))


def test_it_sees_ten_gigabits(guest: Guest) -> None:
    assert "Speed: 10000Mb/s" in guest.run("ethtool", guest.interface(IXGBE))


def test_streams_cross_both_ways_and_are_counted(guest: Guest, installed: Installation, peer: Driver) -> None:
    before = statistics(guest, IXGBE)
    has_streams_counted(guest, IXGBE, installed, peer)
    after = statistics(guest, IXGBE)
    assert [name for name in OWN if after[name] <= before[name]] == []


def test_jumbo_frames_pass_whole_after_a_change_of_mtu(guest: Guest) -> None:
    carries_jumbo_frames(guest, IXGBE)


def test_it_sees_the_cable_pulled_and_plugged(guest: Guest) -> None:
    set_carrier(guest, is_up=False)
    settles(lambda: not has_carrier(guest, IXGBE), "no carrier")
    set_carrier(guest, is_up=True)
    settles(lambda: has_carrier(guest, IXGBE), "carrier")
    await_ping(guest, IXGBE)


def test_the_interface_goes_down_and_comes_back(guest: Guest) -> None:
    drop_address(guest, IXGBE)
    take_address(guest, IXGBE)
    await_ping(guest, IXGBE)


def test_the_module_is_loaded_a_second_time(guest: Guest) -> None:
    reload(guest, "ixgbe")
    take_address(guest, IXGBE)
    await_ping(guest, IXGBE)


def test_it_had_nothing_to_complain_of(guest: Guest) -> None:
    assert complaints(guest, "ixgbe") == []


# The tests from here on are about setup, which unbinds the driver and binds it again.


def test_setup_leaves_a_nic_with_steering_rules_alone(guest: Guest, installed: Installation) -> None:
    operator, interface = Operator(guest, installed), guest.interface(IXGBE)
    guest.run("ethtool", "-K", interface, "ntuple", "on")
    guest.run("ethtool", "-N", interface, "flow-type", "udp4", "dst-port", "5000", "action", "1", "loc", "7")
    with operator.giving_back():
        try:
            done = operator.attempt("setup", "--yes", "--nic", IXGBE.pci_address)
        finally:
            guest.run("ethtool", "-N", interface, "delete", "7")
        assert done.returncode == ExitCode.REFUSED
        assert f"1 steering rules (ethtool -n {interface})" in done.stderr
        assert guest.driver(IXGBE) == "ixgbe"


def test_what_ethtool_set_comes_back_after_setup_and_undo(guest: Guest, installed: Installation) -> None:
    operator, interface = Operator(guest, installed), guest.interface(IXGBE)
    for words in SETTINGS:
        guest.run("ethtool", words[0], interface, *words[1:])
    with operator.set_up(IXGBE):
        assert guest.driver(IXGBE) == "vfio-pci"
    await_ping(guest, IXGBE)
