"""A NIC under the kernel's own driver, as its users see it: by which the kernel judges a model."""

from collections.abc import Iterator, Set
from contextlib import contextmanager

from tests.lab.bed.driver import GuestDriver
from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.hardware import Nic
from tests.lab.bed.traffic import exchange
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

COMPLAINTS = ("error", "warning", "fail", "reset", "hang", "not valid", "unsupported", "pre-production")
# Counters that must have moved after a stream each way.
MOVED = ("rx_packets", "tx_packets", "rx_bytes", "tx_bytes")
# Frames that came faster than a slow guest took them.
MISSED = {"rx_missed_errors", "rx_fifo_errors", "rx_over_errors"}
JUMBO_MTU = 9000
JUMBO_PAYLOAD = JUMBO_MTU - 28


def stream_both_ways(guest: Guest, nic: Nic, installed: Installation, peer: Driver) -> None:
    """Through stock aeronmd on the guest's kernel."""
    driver = GuestDriver(installed, guest.near(nic, is_kernel=True), f"{nic.tap}-kernel")
    try:
        driver.start()
        exchange(driver, peer)
    finally:
        driver.discard()


def statistics(guest: Guest, nic: Nic) -> dict[str, int]:
    lines = guest.run("ethtool", "-S", guest.interface(nic)).splitlines()[1:]
    return {name.strip(): int(value) for name, _, value in (line.rpartition(":") for line in lines)}


def has_carrier(guest: Guest, nic: Nic) -> bool:
    return guest.read(f"/sys/class/net/{guest.interface(nic)}/carrier") == "1"


def complaints(guest: Guest, module: str) -> list[str]:
    """What the driver has said that it would not say of a device in order."""
    said = (line for line in guest.run("dmesg").splitlines() if f" {module} " in line or f"{module}:" in line)
    return [line for line in said if any(word in line.lower() for word in COMPLAINTS)]


def has_streams_counted(
    guest: Guest, nic: Nic, installed: Installation, peer: Driver, no_faults: Set[str] = frozenset()
) -> None:
    """Streams both ways, and what `ethtool -S` says of them. `no_faults`: errors that are none here."""
    before = statistics(guest, nic)
    stream_both_ways(guest, nic, installed, peer)
    after = statistics(guest, nic)
    still = [name for name in MOVED if after[name] <= before[name]]
    assert not still, still
    wrong = {name: count for name, count in after.items() if "error" in name and count}
    assert wrong.keys() <= MISSED | no_faults, wrong


def carries_jumbo_frames(guest: Guest, nic: Nic) -> None:
    """Up to the MTU, at both ends of the cable, and no byte more."""
    with mtu(guest, nic):
        settles(lambda: has_carrier(guest, nic), "carrier")
        settles(lambda: pings(guest, nic, JUMBO_PAYLOAD), "9,000 bytes in one frame come back")
        assert not pings(guest, nic, JUMBO_PAYLOAD + 1)
    settles(lambda: has_carrier(guest, nic), "carrier")


@contextmanager
def mtu(guest: Guest, nic: Nic) -> Iterator[None]:
    ends = ((guest.inside, guest.interface(nic)), (guest.outside, nic.tap))
    try:
        for namespace, name in ends:
            namespace.ip("link", "set", name, "mtu", f"{JUMBO_MTU}")
        yield
    finally:
        for namespace, name in ends:
            namespace.ip("link", "set", name, "mtu", "1500")


def pings(guest: Guest, nic: Nic, payload: int) -> bool:
    far = guest.far(nic).address
    return guest.attempt("ping", "-c1", "-W3", "-Mdo", f"-s{payload}", far).returncode == 0


def reload(guest: Guest, module: str) -> None:
    try:
        guest.run("modprobe", "-r", module)
    finally:
        guest.run("modprobe", module)
