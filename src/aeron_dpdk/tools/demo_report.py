"""The demo's results: as facts, as JSON, and drawn in the terminal."""

from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aeron_dpdk.tools.measure.histogram import Bin, Histogram, bins, edges, merged
from aeron_dpdk.tools.measure.job import Throughput
from aeron_dpdk.tools.measure.processes import Round

TITLES = {"dpdk": "DPDK (memif)", "kernel": "kernel UDP (lo)"}
COLOURS = {"dpdk": "green", "kernel": "yellow"}
PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9}
BAR_WIDTH = 20  # two histograms side by side fit 80 columns
EIGHTHS = " ▏▎▍▌▋▊▉"
LATENCY_WIDTH = len("1.23 µs")
NS_PER_US = 1_000
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class PathSummary:
    """Medians over the rounds, except `rtt_ns["max"]` and `round_trips`, which are over all rounds
    together."""

    rtt_ns: dict[str, float]
    messages_per_second: float
    bytes_per_second: float
    round_trips: Histogram


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The circumstances of the measurement."""

    message_length: int
    rounds: int
    cpus: tuple[int, int]
    has_huge_pages: bool
    aeron_version: str
    dpdk_version: str
    git: str


def summarise(rounds: list[Round]) -> PathSummary:
    """Summarises rounds whose first phase was an echo and whose second phase was one-way."""
    each = [_figures(round_) for round_ in rounds]
    together = merged(round_trips for round_trips, _ in each)
    rtt_ns: dict[str, float] = {
        name: median(round_trips.percentile(percent) for round_trips, _ in each)
        for name, percent in PERCENTILES.items()
    }
    return PathSummary(
        rtt_ns=rtt_ns | {"max": together.max_ns},
        messages_per_second=median(throughput.messages_per_second for _, throughput in each),
        bytes_per_second=median(throughput.bytes_per_second for _, throughput in each),
        round_trips=together,
    )


def _figures(round_: Round) -> tuple[Histogram, Throughput]:
    """Round trips are counted at the client, one-way messages at the server."""
    round_trips = round_.client.phases[0].round_trips
    assert round_trips is not None, "an echo's client measures round trips"
    return round_trips, round_.server.phases[1].throughput


def as_json(paths: dict[str, PathSummary], circumstances: Circumstances) -> dict[str, Any]:
    """The contents of the file that --json names. Times in ns; bytes are payload."""
    return {
        "paths": {
            name: {
                "rtt_ns": summary.rtt_ns,
                "messages_per_second": summary.messages_per_second,
                "bytes_per_second": summary.bytes_per_second,
            }
            for name, summary in paths.items()
        },
        "message_length": circumstances.message_length,
        "rounds": circumstances.rounds,
        "huge_pages": circumstances.has_huge_pages,
        "aeron_version": circumstances.aeron_version,
        "dpdk_version": circumstances.dpdk_version,
        "git": circumstances.git,
    }


def latency(value_ns: float) -> str:
    """Three significant digits and a unit; the halves keep .3g from turning to exponents."""
    if value_ns < 999.5:
        return f"{value_ns:.0f} ns"
    if value_ns < 999.5 * NS_PER_US:
        return f"{value_ns / NS_PER_US:.3g} µs"
    return f"{value_ns / NS_PER_MS:.3g} ms"


def bar_text(count: int, largest: int, width: int = BAR_WIDTH) -> str:
    """A bar in eighths of a character; every value above zero is visible."""
    if count == 0:
        return ""
    eighths = max(1, round(count * width * 8 / largest))
    return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


def _histogram_table(paths: dict[str, PathSummary]) -> Table:
    """One logarithmic axis for all paths, so that their shapes can be compared."""
    values = [value for summary in paths.values() for value, _ in summary.round_trips.buckets]
    axis = edges(min(values), max(values))
    columns: list[list[Bin]] = [list(bins(summary.round_trips, axis)) for summary in paths.values()]
    table = Table(title="Round trips by time", title_justify="left", box=None, padding=(0, 1), pad_edge=False)
    table.add_column("up to", justify="right", min_width=LATENCY_WIDTH)
    for name in paths:
        table.add_column(Text(TITLES[name], style=COLOURS[name]), width=BAR_WIDTH, no_wrap=True)
        table.add_column("", justify="right", style="dim", min_width=len("1,000,000"))
    for row in zip(*columns, strict=True):
        cells: list[RenderableType] = [latency(row[0].high_ns)]
        for name, bar, column in zip(paths, row, columns, strict=True):
            largest = max(other.count for other in column)
            cells += [
                Text(bar_text(bar.count, largest), style=COLOURS[name]),
                f"{bar.count:,}" if bar.count else "",
            ]
        table.add_row(*cells)
    return table


def _figures_table(paths: dict[str, PathSummary], message_length: int) -> Table:
    table = Table(title=f"Messages of {message_length} bytes", title_justify="left")
    table.add_column("")
    for heading in ("p50", "p99", "p99.9", "max", "messages/s", "MB/s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, summary in paths.items():
        figures = [latency(summary.rtt_ns[key]) for key in (*PERCENTILES, "max")]
        rates = [f"{summary.messages_per_second / 1e6:.2f} M", f"{summary.bytes_per_second / 1e6:.0f}"]
        table.add_row(Text(TITLES[name], style=COLOURS[name]), *figures, *rates)
    table.add_section()
    dpdk, kernel = paths["dpdk"], paths["kernel"]
    ratios = [kernel.rtt_ns[key] / dpdk.rtt_ns[key] for key in (*PERCENTILES, "max")]
    ratios += [
        dpdk.messages_per_second / kernel.messages_per_second,
        dpdk.bytes_per_second / kernel.bytes_per_second,
    ]
    table.add_row("better by", *(f"{ratio:.1f} ×" for ratio in ratios), style="bold")
    return table


def render(paths: dict[str, PathSummary], circumstances: Circumstances) -> RenderableType:
    """The histograms, the table with the ratios, and how it was measured."""
    memory = "huge pages" if circumstances.has_huge_pages else "no huge pages, so memif copies every frame"
    note = (
        f"Medians of {circumstances.rounds} rounds of each path in turn. Two processes, on CPUs "
        f"{circumstances.cpus[0]} and {circumstances.cpus[1]}; in each, one thread runs driver, client and "
        "load. "
        f"Warm, non-sparse terms of 1 MiB; {memory}. "
        f"Aeron {circumstances.aeron_version}, {circumstances.dpdk_version}, ours {circumstances.git}."
    )
    return Group(
        _histogram_table(paths),
        "",
        _figures_table(paths, circumstances.message_length),
        Text(note, style="dim"),
    )
