"""What was measured between two hosts, and how it is shown."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from ipaddress import IPv4Interface
from typing import Any

from aeron_dpdk.tools.hosts.measure import Measured
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import LoadReport, Phase, PhaseKind
from aeron_dpdk.tools.measure.paths import End, MeasuredPath
from aeron_dpdk.tools.measure.processes import Round
from aeron_dpdk.tools.measure.results import (
    PERCENTILES,
    Results,
    Sides,
    Spread,
    messages_per_second,
    percentile_ns,
)
from aeron_dpdk.tools.measure.schedule import Done, ScheduleEntry
from aeron_dpdk.tools.measure.tables import DASH, TextTable, between, number, phase_title, stream_tables

DIRECT, FLOOR, KERNEL = "direct", "floor", "kernel"


def as_results(measured: Iterable[Measured]) -> Results:
    results = Results()
    for each in measured:
        between = each.path
        own, pong = (End(IPv4Interface(place.address)) for place in (between.own, between.pong))
        path = MeasuredPath(between.name, between.title, pong, own)
        sides = Round(LoadReport("", "", (each.server,)), LoadReport("", "", (each.client,)))
        results.streams.append(Done(ScheduleEntry(path, (each.phase,)), each.repeat, sides))
    return results


def first_path(results: Results) -> str:
    """The path that the kernel's is compared with."""
    return FLOOR if FLOOR in results.titles() else DIRECT


def shown_tables(results: Results) -> Iterator[TextTable]:
    if KERNEL in results.titles():
        yield _ratios(results)
    yield from stream_tables(results)


def _ratios(results: Results) -> TextTable:
    ours = first_path(results)
    name_of_ours = "DPDK without Aeron" if ours == FLOOR else "DPDK"
    rows = []
    for phase in results.phases():
        if phase.kind is PhaseKind.ECHO:
            for name, percent in PERCENTILES.items():
                found = results.ratio(KERNEL, ours, phase, percentile_ns(percent))
                rows.append(_ratio_row(f"{name}, {phase_title(phase)}: kernel ÷ {name_of_ours}", found))
        else:
            found = results.ratio(ours, KERNEL, phase, messages_per_second)
            rows.append(
                _ratio_row(f"messages a second, {phase_title(phase)}: {name_of_ours} ÷ kernel", found)
            )
    return TextTable(
        f"{name_of_ours} against the kernel",
        ("", "×", "lowest … highest repeat"),
        tuple(rows),
        "Within each repeat, where both ran one after the other; the median is over the repeats.",
    )


def _ratio_row(title: str, found: Spread | None) -> tuple[str, ...]:
    return (title, DASH if found is None else number(found.median), between(found))


def how(repeats: int, duration_ns: int, *, is_floor: bool = False) -> list[str]:
    times = "1 repeat" if repeats == 1 else f"{repeats} repeats"
    if is_floor:
        return [
            "Without Aeron: UDP datagrams of the lengths that Aeron sends. The header of each is stored, and "
            "its payload has a number at both ends. Nothing is sent again; what is lost is counted.",
            f"{times}, each of {duration_ns / 1e9:g} s after a warm-up of a quarter of that.",
        ]
    return [
        "Ping asks pong for each measurement over Aeron, and both drivers carry it. One at a time a message "
        "leaves when the last is back; at a fixed rate its time counts from the moment at which it was due.",
        f"{times}, all routes in turn. Every measurement lasts {duration_ns / 1e9:g} s after a "
        "warm-up of a quarter of that, an echo's until every term buffer has been walked.",
        "The drivers are whatever runs on the two hosts, with their settings. A message that is lost, "
        "repeated, reordered or cut fails the measurement.",
    ]


def as_data(results: Results) -> dict[str, Any]:
    """For each phase and route: percentiles in ns, or messages per second, over all repeats."""
    return {
        "measured": [
            _measured(results, phase, path) for phase, paths in results.phases().items() for path in paths
        ],
        "tables": [asdict(table) for table in shown_tables(results)],
    }


def _measured(results: Results, phase: Phase, path: str) -> dict[str, Any]:
    sides = list(results.of(path, phase).values())
    data: dict[str, Any] = {
        "route": path,
        **asdict(phase),
        "messages_per_second": [messages_per_second(each) for each in sides],
        "lost": sum(each.server.lost for each in sides),
        "retransmits": sum(each.client.retransmits for each in sides),
        "naks": sum(each.server.naks for each in sides),
    }
    if phase.kind is PhaseKind.ECHO:
        data["round_trips"] = _percentiles(results.together(path, phase), sides)
    return data


def _percentiles(together: Histogram, sides: list[Sides]) -> dict[str, Any]:
    return {
        "count": together.total,
        **{f"{name}_ns": together.percentile(percent) for name, percent in PERCENTILES.items()},
        "max_ns": together.max_ns,
        "p50_ns_of_repeats": [each.round_trips.percentile(50) for each in sides],
    }
