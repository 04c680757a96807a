"""All that is known about a running driver at one moment, and whether that is well."""

import time
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.observe.cnc import Cnc, DistinctError, DriverFacts, Loss
from aeron_dpdk.observe.counts import BACK_PRESSURE, DROPS, EVENTS, TRAFFIC, counts_in, of_kind, xstats_in
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
from aeron_dpdk.observe.view import DriverView

HEARTBEAT_MAX_AGE_MS = 10_000  # AERON_DRIVER_TIMEOUT's default: when clients give their driver up


@dataclass(frozen=True, slots=True)
class Status:
    """Taken `at_ms` since the epoch. `traffic` to `events` are counts by name; `system` has Aeron's system
    counters by their ids (AERON_SYSTEM_COUNTER_ID_*)."""

    at_ms: int
    aeron_dir: str
    facts: DriverFacts
    driver: DriverView
    threads: tuple[ThreadView, ...]
    longest_cycles_ns: dict[str, int]
    system: dict[int, int]
    channels: tuple[Channel, ...]
    streams: tuple[Stream, ...]
    traffic: dict[str, int]
    drops: dict[str, int]
    back_pressure: dict[str, int]
    events: dict[str, int]
    xstats: dict[str, int]
    errors: tuple[DistinctError, ...]
    losses: tuple[Loss, ...]
    problems: tuple[str, ...]
    """Empty when the driver is healthy."""


def look(aeron_dir: Path) -> Status:
    """Raises NoDriverError, and NotAnsweringError also where the driver has died."""
    with Cnc(aeron_dir) as cnc:
        facts, counters, errors, losses = cnc.facts(), cnc.counters(), cnc.errors(), cnc.losses()
    at_ms = time.time_ns() // 1_000_000
    driver = driver_view(aeron_dir)
    counts = counts_in(counters)
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
        traffic=of_kind(TRAFFIC, counts),
        drops=of_kind(DROPS, counts),
        back_pressure=of_kind(BACK_PRESSURE, counts),
        events=of_kind(EVENTS, counts),
        xstats=xstats_in(counters),
        errors=errors,
        losses=losses,
        problems=problems_of(at_ms, facts, driver),
    )


def problems_of(at_ms: int, facts: DriverFacts, driver: DriverView) -> tuple[str, ...]:
    """Each is a state that traffic cannot go on in; none is a mere event of the past."""
    found = []
    heartbeat_age_ms = at_ms - facts.heartbeat_ms
    if heartbeat_age_ms > HEARTBEAT_MAX_AGE_MS:
        found.append(f"no heartbeat from Aeron's conductor for {heartbeat_age_ms / 1000:.1f} s")
    if not driver.port.is_present:
        found.append(
            f"the device of the port, {driver.port.name}, is gone: restart the driver once it is back"
        )
    elif not driver.port.is_usable:
        found.append("the port is being restarted")
    elif not driver.port.is_up:
        found.append("the link is down")
    gateway = driver.address.gateway
    if any(each.ipv4 == gateway and each.mac is None for each in driver.neighbours):
        found.append(f"the gateway {gateway} does not answer ARP")
    found += [f"mempool {each.name} is empty" for each in driver.mempools if each.length >= each.capacity]
    return tuple(found)
