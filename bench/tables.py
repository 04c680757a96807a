"""The results of the bench as tables of text, the goals first."""

from collections.abc import Iterator

from aeron_dpdk.tools.measure.results import Spread, spread
from aeron_dpdk.tools.measure.tables import DASH, TextTable, between, number, stream_tables
from bench.goals import Figure, figures
from bench.results import BenchResults
from bench.single_costs import Series, Subject


def tables(results: BenchResults) -> Iterator[TextTable]:
    """The tables of the parts that were run, the goals first."""
    yield _figures(figures(results))
    yield from stream_tables(results)
    if results.singles.keys() & {Subject.POLL_DPDK, Subject.POLL_KERNEL}:
        yield _polls(results)
    if Subject.HAND_OFF in results.singles:
        yield _hand_off(results)
    if results.cost is not None:
        yield _cost(results)
    if results.quiet:
        yield _quiet(results)


def _figures(found: list[Figure]) -> TextTable:
    rows = []
    for figure in found:
        goal, value = figure.goal, figure.value
        sign = "≤" if goal.at_most else "≥"
        missed = "NO, nor DPDK" if figure.is_out_of_reach else "NO"
        verdict = {True: "yes", False: missed, None: "not measured"}[figure.is_met]
        asked = f"{sign} {number(goal.goal)} {goal.unit}"
        rows.append(
            (goal.title, asked, _median(value), between(value), _median(figure.without_aeron), verdict)
        )
    return TextTable(
        "Goals",
        ("figure", "goal", "median", "lowest … highest repeat", "DPDK alone", "met"),
        tuple(rows),
        "Ratios are taken within each repeat, between processes that ran one after the other; the median "
        "is over the repeats. DPDK alone: the same figure for the same link without Aeron, which is about "
        "the most that a driver can reach there.",
    )


def _polls(results: BenchResults) -> TextTable:
    rows = []
    for subject in (Subject.POLL_DPDK, Subject.POLL_KERNEL):
        repeats = results.singles.get(subject, [])
        for channels in sorted({series.channels for costs in repeats for series in costs}):
            idle, frame = (
                spread([costs[Series(name, channels)].p50 for costs in repeats]) for name in ("idle", "frame")
            )
            rows.append(
                (
                    f"{subject.removeprefix('poll-')}, {channels:,}",
                    *map(_median, (idle, frame)),
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


def _hand_off(results: BenchResults) -> TextTable:
    rows = []
    for name, title in (
        ("direct", "for the receiver itself"),
        ("handed_over", "handed over to the sender's thread"),
    ):
        found = [costs[Series(name, 1)] for costs in results.singles[Subject.HAND_OFF]]
        p50, p99 = spread([cost.p50 for cost in found]), spread([cost.p99 for cost in found])
        rows.append((title, *map(_median, (p50, p99)), between(p50)))
    return TextTable(
        "DEDICATED: from the start of the receiver's poll to Aeron's receive function, in ns",
        ("a frame", "p50", "p99", "p50, lowest … highest"),
        tuple(rows),
        "One frame at a time over a net_ring device; each thread spins on a CPU of its own. The clock "
        "itself takes some 20 ns of each figure.",
    )


def _median(value: Spread | None) -> str:
    return DASH if value is None else number(value.median)


def _cost(results: BenchResults) -> TextTable:
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
        "libraries it calls have columns of their own; the PMD is in none of the columns.",
    )


def _quiet(results: BenchResults) -> TextTable:
    rows = []
    for line in results.quiet:
        found, calls = line.disturbance, line.system_calls
        named = (
            "not counted" if calls is None else ", ".join(f"{name} {n}" for name, n in calls.items()) or "0"
        )
        rows.append(
            (
                f"{line.phase.kind}, {line.role}, {line.messages:,} messages",
                str(found.allocations),
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
