"""Our driver on net_ixgbe: the 82599 model through vfio and an IOMMU, its filters steering by UDP port."""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.lab.fixtures.driver import BY_ROOT, PciDriver, Way, ours
from tests.lab.fixtures.guest import Guest, settles
from tests.lab.fixtures.traffic import SHORT, Stream, exchange
from tests.lab.ixgbe.machine import (
    IXGBE,
    drops_when_full,
    exchange_in_own_queues,
    frames_dropped,
    set_carrier,
)
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.namespace import packet_socket

JUMBO_MTU_LENGTH = 8928
NUMBER_OF_BAD_FRAMES = 20
NO_CHECKSUM = 0
LINK_LINE = re.compile(r"the link is (\w+)")

BY_AN_ORDINARY_USER = Way(is_by_root=False)
JUMBO_AND_SMALL = Way(
    settings={
        "AERON_DPDK_MTU": "9000",
        "AERON_MTU_LENGTH": str(JUMBO_MTU_LENGTH),
        "AERON_DPDK_RX_QUEUE_SIZE": "64",
        "AERON_DPDK_TX_QUEUE_SIZE": "64",
    },
)


@pytest.fixture(scope="module", params=[BY_ROOT], ids=["root"])
def started(
    guest: Guest, installed: Installation, handed_over: None, request: pytest.FixtureRequest
) -> Iterator[PciDriver]:
    way: Way = request.param
    with ours(guest, IXGBE, installed, way) as driver:
        yield driver


def count(driver: Driver, name: str) -> int:
    return driver.counters().labelled(f"dpdk-{name}")


def test_the_kernel_pings_it(started: PciDriver, peer: Driver) -> None:
    said = peer.end.namespace.run("ping", "-c", "2", "-w", "60", started.address)
    assert " 2 received" in said


def test_each_threads_frames_arrive_in_its_own_queue(guest: Guest, started: PciDriver, peer: Driver) -> None:
    exchange_in_own_queues(guest, started, peer)


def test_the_driver_says_that_the_device_steers(guest: Guest, started: PciDriver) -> None:
    tool = str(started.installation.aeronmd_dpdk.with_name("aeron-dpdk"))
    said = guest.run(tool, "status", "--aeron-dir", str(started.aeron_dir))
    assert "steered by UDP port" in " ".join(said.split())


def test_wrong_checksums_are_dropped_and_none_is_no_fault(guest: Guest, started: PciDriver) -> None:
    """A UDP checksum of zero means that there is none (RFC 768), whatever the 82599's erratum reports."""
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


def test_streams_survive_a_cable_that_is_pulled_and_plugged_under_them(
    guest: Guest, started: PciDriver, peer: Driver
) -> None:
    streams, lines = Stream.both_ways(started, peer, SHORT), Counter(LINK_LINE.findall(started.output))
    for is_up in (False, True):
        changes = count(started, "link-changes")
        set_carrier(guest, is_up=is_up)
        settles(partial(has_changed, started, changes), f"the link is seen to change, up: {is_up}")
    for stream in streams:
        stream.check()
    assert Counter(LINK_LINE.findall(started.output)) - lines == {"down": 1, "up": 1}


def has_changed(driver: Driver, changes_before: int) -> bool:
    return count(driver, "link-changes") == changes_before + 1


def test_a_queue_that_nobody_empties_stops_no_other(guest: Guest, started: PciDriver) -> None:
    """A full queue without its drop bit blocks the others: Linux, ixgbe_set_rx_drop_en()."""
    assert drops_when_full(guest, 0)
    assert drops_when_full(guest, 1)


def test_what_a_full_queue_drops_is_counted(guest: Guest, started: PciDriver) -> None:
    """ixgbe's imissed does not include it (docs/facts.md)."""
    missed, dropped = count(started, "rx-missed"), frames_dropped(guest)
    far, pid = guest.far(IXGBE), f"{started.counters().pid}"
    datagram = IP(src=far.address, dst=started.address) / UDP(dport=9) / bytes(40)
    frame = bytes(Ether(src=far.mac, dst=IXGBE.mac) / datagram)
    guest.run("kill", "-STOP", pid)
    try:
        with packet_socket(guest.outside, IXGBE.tap) as raw:
            settles(partial(overflows, guest, raw, frame, dropped), "the queue is full")
    finally:
        guest.run("kill", "-CONT", pid)
    settles(
        lambda: count(started, "rx-missed") - missed == frames_dropped(guest) - dropped,
        "each frame that was dropped is counted",
    )


def overflows(guest: Guest, raw: socket.socket, frame: bytes, dropped_before: int) -> bool:
    """Sends some more frames; returns whether that was too many."""
    for _ in range(100):
        raw.send(frame)
    return frames_dropped(guest) > dropped_before + 100


@pytest.mark.parametrize("started", [BY_AN_ORDINARY_USER], ids=["ordinary_user"], indirect=True)
def test_an_ordinary_user_needs_no_root(started: PciDriver, peer: Driver) -> None:
    exchange(started, peer)


@pytest.mark.parametrize("started", [JUMBO_AND_SMALL], ids=["jumbo"], indirect=True)
def test_jumbo_frames_and_small_rings(guest: Guest, started: PciDriver, peer: Driver) -> None:
    far = guest.far(IXGBE)
    guest.outside.ip("link", "set", far.interface, "mtu", "9000")
    try:
        exchange(started, peer, mtu=JUMBO_MTU_LENGTH)
    finally:
        guest.outside.ip("link", "set", far.interface, "mtu", "1500")
