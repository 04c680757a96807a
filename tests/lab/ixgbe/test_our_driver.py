"""Our driver on net_ixgbe: the 82599 model through vfio and an IOMMU, its filters steering by UDP port."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.lab.bed.driver import PATIENT, PciDriver
from tests.lab.bed.guest import ORDINARY_USER, Guest, settles
from tests.lab.bed.kernel import Kernel
from tests.lab.bed.traffic import CONTENT, exchange
from tests.lab.ixgbe.machine import IXGBE, drops_when_full, queues_of_ports, set_carrier, with_82599
from tests.system.bed.bed import next_port, transfer, udp
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation
from tests.system.bed.namespace import packet_socket

HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
MEMORY_LOCK_KIB = "524288"
JUMBO_MTU_LENGTH = 8928
NUMBER_OF_BAD_FRAMES = 20
NO_CHECKSUM = 0


@pytest.fixture(scope="module")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with with_82599(guest_kernel, "ixp") as booted:
        booted.run("modprobe", "vfio-pci")
        booted.bind(IXGBE, "vfio-pci")
        booted.write(HUGE_PAGES, "160")
        yield booted


@pytest.fixture(scope="module")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    driver = Driver(installed, guest.far(IXGBE), "ixp-peer", PATIENT)
    driver.start()
    yield driver
    driver.discard()


@dataclass(frozen=True, slots=True)
class Way:
    """Who starts the driver, and how it is set."""

    user: str
    settings: tuple[tuple[str, str], ...] = ()


AS_ROOT = Way("root", (("AERON_DPDK_USER", ORDINARY_USER),))
AS_ORDINARY_USER = Way(ORDINARY_USER)
JUMBO_AND_SMALL = Way(
    "root",
    (
        *AS_ROOT.settings,
        ("AERON_DPDK_MTU", "9000"),
        ("AERON_MTU_LENGTH", str(JUMBO_MTU_LENGTH)),
        ("AERON_DPDK_RX_QUEUE_SIZE", "64"),
        ("AERON_DPDK_TX_QUEUE_SIZE", "64"),
    ),
)


@pytest.fixture(scope="module", params=[AS_ROOT], ids=["root"])
def started(guest: Guest, installed: Installation, request: pytest.FixtureRequest) -> Iterator[PciDriver]:
    way: Way = request.param
    driver = PciDriver(
        installed,
        guest.near(IXGBE),
        "ixp-ours",
        dict(way.settings),
        user=way.user,
        memory_lock="unlimited" if way.user == "root" else MEMORY_LOCK_KIB,
        device=IXGBE.pci_address,
    )
    if way.user != "root":
        guest.run("chown", way.user, f"/dev/vfio/{guest.iommu_group(IXGBE)}")
        guest.run("chmod", "0777", "/dev/hugepages")
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()


def count(driver: Driver, name: str) -> int:
    return driver.counters().labelled(f"dpdk-{name}")


def test_the_kernel_pings_it(started: PciDriver, peer: Driver) -> None:
    said = peer.end.namespace.run("ping", "-c", "2", "-w", "60", started.address)
    assert " 2 received" in said


def test_each_threads_frames_arrive_in_its_own_queue(guest: Guest, started: PciDriver, peer: Driver) -> None:
    """Status messages go to the port that a publication sends from, and that is the sender's."""
    before = queues_of_ports(guest)
    port = next_port()
    transfer(peer, started, udp(started.address, port), **CONTENT)
    assert queues_of_ports(guest)[port] == {0}
    transfer(started, peer, udp(peer.address, next_port()), **CONTENT)
    publications = queues_of_ports(guest).keys() - before.keys() - {port}
    assert publications
    assert {frozenset(queues_of_ports(guest)[each]) for each in publications} == {frozenset({1})}


def test_the_driver_says_that_the_device_steers(guest: Guest, started: PciDriver) -> None:
    tool = str(started.installation.aeronmd_dpdk.with_name("aeron-dpdk"))
    said = guest.run(tool, "status", "--aeron-dir", str(started.aeron_dir))
    assert "steered by UDP port" in " ".join(said.split())


def test_wrong_checksums_are_dropped_and_none_is_no_fault(guest: Guest, started: PciDriver) -> None:
    """A UDP checksum of zero means that there is none (RFC 768), whatever the 82599's erratum calls it."""
    before = {name: count(started, name) for name in ("rx-udp-checksum", "rx-no-endpoint")}
    far = guest.far(IXGBE)
    with packet_socket(guest.outside, IXGBE.tap) as raw:
        for checksum in (0x1234, NO_CHECKSUM):
            datagram = IP(src=far.address, dst=started.address) / UDP(dport=9, chksum=checksum) / bytes(40)
            frame = bytes(Ether(src=far.mac, dst=IXGBE.mac) / datagram)
            for _ in range(NUMBER_OF_BAD_FRAMES):
                raw.send(frame)
    settles(
        lambda: all(count(started, name) == was + NUMBER_OF_BAD_FRAMES for name, was in before.items()),
        "each frame is counted under its own fault",
    )


def test_a_stream_goes_on_after_the_cable_was_pulled(guest: Guest, started: PciDriver, peer: Driver) -> None:
    changes = count(started, "link-changes")
    set_carrier(guest, is_up=False)
    settles(lambda: count(started, "link-changes") == changes + 1, "the link is seen to go")
    set_carrier(guest, is_up=True)
    settles(lambda: count(started, "link-changes") == changes + 2, "the link is seen to come back")
    exchange(started, peer)


def test_a_queue_that_nobody_empties_stops_no_other(guest: Guest, started: PciDriver) -> None:
    """A full queue without its drop bit keeps the others waiting: Linux, ixgbe_set_rx_drop_en()."""
    assert drops_when_full(guest, 0)
    assert drops_when_full(guest, 1)


@pytest.mark.parametrize("started", [AS_ORDINARY_USER], ids=["ordinary_user"], indirect=True)
def test_an_ordinary_user_needs_no_root(started: PciDriver, peer: Driver) -> None:
    exchange(started, peer)


@pytest.mark.parametrize("started", [JUMBO_AND_SMALL], ids=["jumbo"], indirect=True)
def test_jumbo_frames_and_small_rings(guest: Guest, started: PciDriver, peer: Driver) -> None:
    far = guest.far(IXGBE)
    guest.outside.ip("link", "set", far.interface, "mtu", "9000")
    try:
        for source, sink in ((peer, started), (started, peer)):
            transfer(source, sink, udp(sink.address, next_port(), mtu=JUMBO_MTU_LENGTH), **CONTENT)
    finally:
        guest.outside.ip("link", "set", far.interface, "mtu", "1500")
