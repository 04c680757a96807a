"""What was found as tables of text: the same ones for the terminal and for the report."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.tools.bench.figures import Figure, figures
from aeron_dpdk.tools.bench.results import (
    PERCENTILES,
    Results,
    Spread,
    bytes_per_second,
    messages_per_second,
    percentile_ns,
    spread,
)
from aeron_dpdk.tools.measure.job import Phase, PhaseKind

DASH = "–"


@dataclass(frozen=True, slots=True)
class TextTable:
    """`headings` of the columns, the first of which is left-aligned; `note` says how to read it."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


def tables(results: Results) -> Iterator[TextTable]:
    """Those of the parts that were run, the goals first."""
    yield _figures(figures(results))
    yield from stream_tables(results)
    if results.polls:
        yield _polls(results)
    if results.hand_offs:
        yield _hand_off(results)
    if results.cost is not None:
        yield _cost(results)
    if results.quiet:
        yield _quiet(results)


def stream_tables(results: Results) -> Iterator[TextTable]:
    """Of what was measured between two sides."""
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


def _figures(found: list[Figure]) -> TextTable:
    rows = []
    for figure in found:
        goal, value = figure.goal, figure.value
        sign = "≤" if goal.at_most else "≥"
        verdict = {True: "yes", False: "NO", None: "not measured"}[figure.is_met]
        measured = DASH if value is None else number(value.median)
        rows.append(
            (goal.title, f"{sign} {number(goal.goal)} {goal.unit}", measured, between(value), verdict)
        )
    return TextTable(
        "Goals",
        ("figure", "goal", "median", "lowest … highest repeat", "met"),
        tuple(rows),
        "Ratios are taken within each repeat, between processes that ran one after the other; the median "
        "is over the repeats.",
    )


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


def _polls(results: Results) -> TextTable:
    rows = []
    for subject, repeats in results.polls.items():
        for channels in repeats[0]:
            idle = spread([costs[channels]["idle_ns"] for costs in repeats])
            frame = spread([costs[channels]["frame_ns"] for costs in repeats])
            rows.append(
                (
                    f"{subject.removeprefix('poll-')}, {int(channels):,}",
                    *(DASH if each is None else number(each.median) for each in (idle, frame)),
                    between(idle),
                    between(frame),
                )
            )
    return TextTable(
        "Cost of a poll by number of channels, in ns",
        ("medium, channels", "idle poll", "each delivered frame", "idle, range", "frame, range"),
        tuple(rows),
        "The receiver's own poller, up to Aeron's receive function: ours over a net_ring device with "
        "checksums in software, Aeron's over sockets on the loopback. 32 frames of 64 bytes wait, for "
        "channels far apart.",
    )


def _hand_off(results: Results) -> TextTable:
    rows = []
    for name, title in (
        ("direct", "for the receiver itself"),
        ("handed_over", "handed over to the sender's thread"),
    ):
        p50 = spread([found[name]["p50_ns"] for found in results.hand_offs])
        p99 = spread([found[name]["p99_ns"] for found in results.hand_offs])
        rows.append(
            (
                title,
                *(DASH if each is None else number(each.median) for each in (p50, p99)),
                between(p50),
            )
        )
    return TextTable(
        "DEDICATED: from the start of the receiver's poll to Aeron's receive function, in ns",
        ("a frame", "p50", "p99", "p50, lowest … highest"),
        tuple(rows),
        "One frame at a time over a net_ring device; each thread spins on a CPU of its own. The clock "
        "itself takes some 20 ns of each figure.",
    )


def _cost(results: Results) -> TextTable:
    assert results.cost is not None
    rows = []
    for row in results.cost.rows:
        each = f"{row.ours / row.frames:.1f}" if row.frames else DASH
        title = f"{row.direction} {row.frames} × {row.message_length:,} B, checksums by {row.checksums}"
        rows.append((title, each, str(row.ours), str(row.copy), str(row.libraries)))
    return TextTable(
        "Instructions of our own code",
        ("call", "each frame", "the call", "payload copy", "libraries"),
        tuple(rows),
        f"Counted by callgrind, {results.cost.compiler}, {results.cost.dpdk}: all that our code does in one "
        "call of the poll or the send function, with what is inlined into it. The payload's copy and the "
        "libraries it calls stand beside it; the PMD is in none of the columns.",
    )


def _quiet(results: Results) -> TextTable:
    rows = []
    for line in results.quiet:
        found, calls = line.disturbance, line.system_calls
        named = (
            "not counted" if calls is None else ", ".join(f"{name} {n}" for name, n in calls.items()) or "0"
        )
        rows.append(
            (
                f"{line.phase.kind}, {line.role}, {line.messages:,} messages",
                _count(found.allocations),
                named,
                str(found.page_faults),
                str(found.voluntary_switches),
                str(found.involuntary_switches),
                _count(found.tlb_shootdowns),
            )
        )
    return TextTable(
        "Quiet: what happened to the measuring threads after warm-up, over memif",
        (
            "",
            "allocations",
            "system calls",
            "page faults",
            "switches, own",
            "switches, others",
            "TLB shoot-downs",
        ),
        tuple(rows),
        "Each thread runs driver, client and load. Switches by others are the machine's other processes "
        "taking the CPU; TLB shoot-downs are those that the CPU received from anybody.",
    )


def _count(value: int) -> str:
    return "not counted" if value < 0 else str(value)
