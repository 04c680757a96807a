"""From a NIC that the kernel uses to Aeron traffic over DPDK and back, with the commands that an operator
has.

Each test continues where the previous one stopped: first with root starting the driver, then without.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.lab.fixtures.driver import GuestDriver, PciDriver, peer_of
from tests.lab.fixtures.guest import ORDINARY_USER, Guest, settles
from tests.lab.fixtures.operator import Operator, state
from tests.lab.fixtures.traffic import await_ping, drop_address, exchange, take_address
from tests.lab.machines import E1000E
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

ROUTE = ("10.77.0.0/16", "via", "10.99.1.2", "metric", "50", "mtu", "1400")
ONLINK = ("10.78.0.0/16", "via", "10.200.0.1", "onlink")
NEIGHBOUR = ("10.99.1.9", "lladdr", "02:00:00:00:00:09", "nud", "permanent")

# None of these is what e1000e sets when it takes over a device.
DEVICE_SETTINGS = (
    ("-s", "advertise", "0x020", "msglvl", "3"),
    ("-K", "rx", "off", "gro", "off"),
    ("-G", "rx", "512", "tx", "1024"),
    ("-C", "rx-usecs", "77"),
)
# To be set last, and on a link that stays up: link negotiation overrides it.
PAUSE = ("autoneg", "off", "rx", "off", "tx", "off")


@dataclass(frozen=True, slots=True)
class Way:
    """Who starts the driver, what setup and doctor are told about that, and what is missing at first."""

    user: str
    options: tuple[str, ...]
    missing: frozenset[str]
    settings: tuple[tuple[str, str], ...] = ()


MISSING = frozenset({"huge-pages.reserved", "nic.bound"})
AS_ROOT = Way("root", (), MISSING, (("AERON_DPDK_USER", ORDINARY_USER),))
AS_ORDINARY_USER = Way(ORDINARY_USER, ("--user", ORDINARY_USER), MISSING | {"limits.memlock"})


# What does not depend on who starts the driver is tested once.
only_as_root = pytest.mark.parametrize("way", [AS_ROOT], ids=["root"], indirect=True)


@pytest.fixture(scope="module", params=[AS_ROOT, AS_ORDINARY_USER], ids=["root", "ordinary_user"])
def way(request: pytest.FixtureRequest) -> Way:
    chosen: Way = request.param
    return chosen


@pytest.fixture(scope="module")
def before(guest: Guest) -> Iterator[str]:
    """The state of a machine whose NIC is in use, as far as setup could change it."""
    take_address(guest, E1000E)
    interface = guest.interface(E1000E)
    guest.inside.ip("route", "add", *ROUTE)
    guest.inside.ip("route", "add", *ONLINK, "dev", interface)
    guest.inside.ip("neigh", "add", *NEIGHBOUR, "dev", interface)
    for option, *values in DEVICE_SETTINGS:
        guest.run("ethtool", option, interface, *values)
    await_ping(guest, E1000E)
    guest.run("sleep", "2")
    guest.run("ethtool", "-A", interface, *PAUSE)
    yield state(guest, E1000E)
    drop_address(guest, E1000E)


@pytest.fixture(scope="module")
def said_by_setup(operator: Operator, before: str, way: Way) -> Iterator[str]:
    with operator.giving_back():
        yield operator.does("setup", "--yes", "--nic", E1000E.pci_address, *way.options)


@pytest.fixture(scope="module")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, E1000E, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def ours(guest: Guest, installed: Installation, way: Way, said_by_setup: str) -> Iterator[PciDriver]:
    """Started without an address: setup has saved the NIC's own."""
    settings = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "", **dict(way.settings)}
    driver = PciDriver(
        installed,
        guest.near(E1000E),
        f"setup-{way.user}",
        settings,
        user=way.user,
        memory_lock=guest.run("su", way.user, "-c", "ulimit -l").strip(),
        device=E1000E.pci_address,
    )
    try:
        driver.start()
        yield driver
    finally:
        driver.discard()


def test_doctor_says_what_is_missing(operator: Operator, before: str, way: Way) -> None:
    assert operator.failures(*way.options) == way.missing


@only_as_root
def test_a_dry_run_tells_the_plan_and_changes_nothing(operator: Operator, before: str, way: Way) -> None:
    plan = operator.does("setup", "--dry-run", "--nic", E1000E.pci_address, *way.options)
    assert f"driver of {E1000E.pci_address}: e1000e -> vfio-pci" in plan
    assert "10.99.1.1/24, 2 routes -> " in plan
    assert state(operator.guest, E1000E) == before


def test_setup_hands_the_nic_to_vfio(said_by_setup: str, guest: Guest) -> None:
    assert guest.driver(E1000E) == "vfio-pci"
    assert f"aeronmd_dpdk -a {E1000E.pci_address}" in said_by_setup


@only_as_root
def test_setup_a_second_time_finds_nothing_to_do(operator: Operator, said_by_setup: str, way: Way) -> None:
    said = operator.does("setup", "--yes", "--nic", E1000E.pci_address, *way.options)
    assert "Nothing to do" in said


def test_doctor_is_content(guest: Guest, operator: Operator, said_by_setup: str, way: Way) -> None:
    # su logs in by way of PAM, which sets the limits that setup has written.
    done = guest.attempt("su", way.user, "-c", " ".join(operator.command("doctor")))
    assert done.returncode == 0, done.stdout


def test_the_driver_takes_the_address_the_nic_had_and_carries_aeron(ours: PciDriver, peer: Driver) -> None:
    assert f"aeronmd_dpdk is ready: {E1000E.address}/24" in ours.output
    assert f"as {ORDINARY_USER}:{ORDINARY_USER}" in ours.output
    exchange(ours, peer)


@only_as_root
def test_undo_does_not_take_a_nic_from_a_running_driver(
    operator: Operator, ours: PciDriver, way: Way
) -> None:
    done = operator.attempt("setup", "--undo")
    assert done.returncode == 23
    assert "aeronmd_dpdk" in done.stderr
    assert ours.is_running


def test_undo_gives_everything_back(operator: Operator, ours: PciDriver, before: str) -> None:
    assert ours.stop() == 0, ours.output
    operator.undo()
    settles(lambda: state(operator.guest, E1000E) == before, before)


@only_as_root
def test_kernel_traffic_flows_again(
    guest: Guest, installed: Installation, peer: Driver, before: str, way: Way
) -> None:
    await_ping(guest, E1000E)
    driver = GuestDriver(installed, guest.near(E1000E, is_kernel=True), "setup-kernel")
    try:
        driver.start()
        exchange(driver, peer)
    finally:
        driver.discard()
