"""All that is known about a running driver at one moment, and what is wrong with it; also whether the disk of
its Aeron directory has room for what the log buffers there may still grow by."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from aeron_dpdk.observe.cnc import Cnc, DistinctError, DriverFacts, Loss
from aeron_dpdk.observe.counts import Counts, counts_in
from aeron_dpdk.observe.request import driver_view
from aeron_dpdk.observe.streams import (
    Channel,
    Stream,
    channels_in,
    longest_cycles_in,
    streams_in,
    system_counters_in,
)
from aeron_dpdk.observe.threads import ThreadView, threads_of
from aeron_dpdk.observe.view import DriverView, InterfaceView

HEARTBEAT_MAX_AGE_MS = 10_000  # AERON_DRIVER_TIMEOUT's default: when clients give their driver up


@dataclass(frozen=True, slots=True)
class Status:
    """Taken at `at_ms` since the epoch. `counts` has one entry for each interface of the driver; `system` has
    Aeron's system counters by their ids (AERON_SYSTEM_COUNTER_ID_*)."""

    at_ms: int
    aeron_dir: str
    facts: DriverFacts
    driver: DriverView
    threads: tuple[ThreadView, ...]
    longest_cycles_ns: dict[str, int]
    system: dict[int, int]
    channels: tuple[Channel, ...]
    streams: tuple[Stream, ...]
    counts: tuple[Counts, ...]
    errors: tuple[DistinctError, ...]
    losses: tuple[Loss, ...]
    problems: tuple[str, ...]
    """Empty when the driver is healthy."""


def look(aeron_dir: Path) -> Status:
    """Raises NoDriverError; and NotAnsweringError, also if the driver has died."""
    with Cnc(aeron_dir) as cnc:
        facts, counters, errors, losses = cnc.facts(), cnc.counters(), cnc.errors(), cnc.losses()
    at_ms = time.time_ns() // 1_000_000
    driver = driver_view(aeron_dir)
    return Status(
        at_ms=at_ms,
        aeron_dir=str(aeron_dir),
        facts=facts,
        driver=driver,
        threads=threads_of(driver.pid),
        longest_cycles_ns=longest_cycles_in(counters),
        system=system_counters_in(counters),
        channels=channels_in(counters),
        streams=streams_in(counters),
        counts=counts_in(counters, len(driver.interfaces)),
        errors=errors,
        losses=losses,
        problems=(*problems_of(at_ms, facts, driver), *_problems_of_room(aeron_dir)),
    )


def _problems_of_room(aeron_dir: Path) -> Iterator[str]:
    with suppress(OSError):  # the driver has just ended, and its directory with it
        if (problem := room_in(aeron_dir).problem) is not None:
            yield problem


def problems_of(at_ms: int, facts: DriverFacts, driver: DriverView) -> tuple[str, ...]:
    """Each is a state in which traffic cannot continue, or soon cannot. Past events are not among them."""
    found = []
    heartbeat_age_ms = at_ms - facts.heartbeat_ms
    if heartbeat_age_ms > HEARTBEAT_MAX_AGE_MS:
        found.append(f"no heartbeat from Aeron's conductor for {heartbeat_age_ms / 1000:.1f} s")
    for each in driver.interfaces:
        where = f"{each.name}: " if len(driver.interfaces) > 1 else ""
        found += [f"{where}{problem}" for problem in _problems_of_interface(each)]
    return tuple(found)


def _problems_of_interface(interface: InterfaceView) -> Iterator[str]:
    port = interface.port
    if not port.is_present:
        yield f"the device of the port, {port.name}, is gone or going: restart the driver once it is back"
    elif not port.is_usable:
        yield "the port is being restarted"
    elif not port.is_up:
        yield "the link is down"
    silent = {each.address for each in interface.neighbours if each.mac is None}
    if interface.address.gateway in silent:
        yield f"the gateway {interface.address.gateway} does not answer ARP"
    if interface.ipv6 is not None and interface.ipv6.gateway in silent:
        yield f"the gateway {interface.ipv6.gateway} does not answer neighbour solicitations"
    for mempool in interface.mempools:
        if mempool.length >= mempool.capacity:
            yield f"mempool {mempool.name} is empty"


FOLDERS = (".", "publications", "images")  # AERON_PUBLICATIONS_DIR and AERON_IMAGES_DIR
_BLOCK = 512  # of st_blocks, stat(2)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Room:
    free_bytes: int
    promised_bytes: int
    """What the sparse files there do not occupy yet, but will once it is written to; counted as in
    native/transport/storage.c."""

    @property
    def problem(self) -> str | None:
        if self.promised_bytes <= self.free_bytes:
            return None
        return (
            f"the Aeron directory's disk has {self.free_bytes // _MIB} MiB left, and log buffers may still "
            f"grow by {self.promised_bytes // _MIB} MiB: make room, or driver and clients end with SIGBUS"
        )


def room_in(aeron_dir: Path) -> Room:
    """Raises OSError if the directory cannot be read."""
    disk = os.statvfs(aeron_dir)
    promised = sum(max(0, each.st_size - each.st_blocks * _BLOCK) for each in _files_of(aeron_dir))
    return Room(disk.f_bavail * disk.f_frsize, promised)


def _files_of(aeron_dir: Path) -> Iterator[os.stat_result]:
    """Ignores files that are deleted meanwhile."""
    for folder in FOLDERS:
        with suppress(FileNotFoundError), os.scandir(aeron_dir / folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if S_ISREG(status.st_mode):
                        yield status
