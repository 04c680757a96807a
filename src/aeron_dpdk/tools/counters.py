"""`aeron-dpdk counters`: every counter of a driver, as AeronStat prints them."""

import time
from dataclasses import dataclass
from pathlib import Path

import click

from aeron_dpdk.observe.cnc import AeronCounter, Cnc, DriverFacts
from aeron_dpdk.tools.looking import look_options, present


@dataclass(frozen=True, slots=True)
class CountersView:
    """The counters at `at_ms` since the epoch."""

    aeron_dir: str
    at_ms: int
    driver: DriverFacts
    counters: tuple[AeronCounter, ...]


def look_at_counters(aeron_dir: Path, pattern: str) -> CountersView:
    with Cnc(aeron_dir) as cnc:
        counters = tuple(each for each in cnc.counters() if pattern.lower() in each.label.lower())
        return CountersView(str(aeron_dir), time.time_ns() // 1_000_000, cnc.facts(), counters)


def counters_text(view: CountersView) -> str:
    age_ms = view.at_ms - view.driver.heartbeat_ms
    title = f"{view.aeron_dir}: pid {view.driver.pid}, last heartbeat {age_ms:,} ms ago"
    lines = [f"{each.id:3}: {each.value:20,} - {each.label}" for each in view.counters]
    return "\n".join([title, *lines])


@click.command()
@look_options
@click.argument("pattern", default="")
def counters(aeron_dir: Path, as_json: bool, watch_s: float | None, pattern: str) -> None:
    """Print the counters of a driver, as AeronStat does.

    With PATTERN, only those whose label contains it.
    """
    present(lambda: look_at_counters(aeron_dir, pattern), counters_text, as_json, watch_s)
