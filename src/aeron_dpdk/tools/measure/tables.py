"""Results as tables of text: the same ones for the terminal and for the report."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.results import (
    PERCENTILES,
    Results,
    Spread,
    bytes_per_second,
    messages_per_second,
    percentile_ns,
)

DASH = "–"


@dataclass(frozen=True, slots=True)
class TextTable:
    """`headings` of the columns, the first of which is left-aligned; `note` says how to read the table."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def stream_tables(results: Results) -> Iterator[TextTable]:
    """The tables of what was measured between two sides."""
    phases = results.phases()
    if echoes := [phase for phase in phases if phase.kind is PhaseKind.ECHO]:
        yield _echo(results, echoes)
    if one_ways := [phase for phase in phases if phase.kind is PhaseKind.ONE_WAY]:
        yield _throughput(results, one_ways)


def number(value: float) -> str:
    """Three significant digits, without exponents."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def microseconds(value: Spread | None) -> str:
    return DASH if value is None else number(value.median / 1000)


def between(value: Spread | None, scale: float = 1.0) -> str:
    return DASH if value is None else f"{number(value.low * scale)} … {number(value.high * scale)}"


def phase_title(phase: Phase) -> str:
    if phase.kind is PhaseKind.ONE_WAY:
        return f"{phase.message_length:,} B"
    return f"{phase.message_length:,} B, " + (f"{phase.rate:,}/s" if phase.rate else "ping-pong")


def _echo(results: Results, phases: list[Phase]) -> TextTable:
    titles, measured = results.titles(), results.phases()
    rows = []
    for phase in phases:
        for path in measured[phase]:
            at = {
                name: results.spread(path, phase, percentile_ns(percent))
                for name, percent in PERCENTILES.items()
            }
            achieved = results.spread(path, phase, messages_per_second)
            rows.append(
                (
                    f"{phase_title(phase)}: {titles[path]}",
                    *(microseconds(at[name]) for name in PERCENTILES),
                    between(at["p50"], 1e-3),
                    DASH if achieved is None else number(achieved.median),
                )
            )
    return TextTable(
        "Echo: round trips in µs",
        ("", *PERCENTILES, "p50, lowest … highest", "round trips/s"),
        tuple(rows),
        "At a fixed rate the time counts from the moment at which a message was due, so a stall is charged "
        "to every message it delays; where the round trips a second stay below the rate, the path could "
        "not keep up.",
    )


def _throughput(results: Results, phases: list[Phase]) -> TextTable:
    titles, measured = results.titles(), results.phases()
    rows = []
    for phase in phases:
        for path in measured[phase]:
            messages = results.spread(path, phase, messages_per_second)
            payload = results.spread(path, phase, bytes_per_second)
            sides = results.of(path, phase).values()
            rows.append(
                (
                    f"{phase_title(phase)}: {titles[path]}",
                    DASH if messages is None else f"{messages.median / 1e6:.3g}",
                    between(messages, 1e-6),
                    DASH if payload is None else number(payload.median / 1e6),
                    f"{sum(each.server.lost for each in sides):,}",
                    f"{sum(each.server.naks for each in sides):,}",
                    f"{sum(each.client.retransmits for each in sides):,}",
                )
            )
    return TextTable(
        "Throughput, one way",
        ("", "M messages/s", "lowest … highest", "MB/s", "frames lost", "NAKs", "retransmits"),
        tuple(rows),
        "Counted at the subscriber; MB are payload. Lost frames are those of paths without Aeron, which "
        "sends again what its subscriber asks for (NAK). Losses are of all repeats together.",
    )
