"""The report's plots, each as one SVG element. matplotlib is an extra: `pip install aeron-dpdk[bench]`."""

import io
from collections.abc import Callable
from functools import partial
from typing import Any

from aeron_dpdk.tools.bench.results import Results, messages_per_second
from aeron_dpdk.tools.bench.tables import phase_title
from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import Phase, PhaseKind

DRAWN_BY = "matplotlib.figure"
SIZE_INCHES = (8.0, 4.2)
# One colour for a path in every plot.
COLOURS = {
    "memif_floor": "#7f7f7f",
    "memif": "#1b7837",
    "kernel_lo": "#d95f02",
    "af_xdp": "#2166ac",
    "af_packet": "#67a9cf",
    "kernel_veth": "#b2182b",
    "vhost_8k": "#762a83",
    "kernel_lo_8k": "#e08214",
}
NINES = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


def plots(results: Results) -> list[str]:
    """SVG elements, in the order of the tables. Raises MissingExtraError without matplotlib."""
    phases = results.phases()
    fills = [
        partial(_percentiles, results=results, phase=phase)
        for phase in phases
        if phase.kind is PhaseKind.ECHO
    ]
    if any(phase.kind is PhaseKind.ONE_WAY for phase in phases):
        fills.append(partial(_bars, results=results))
    if results.polls:
        fills.append(partial(_polls, results=results, cost="idle_ns", title="An idle poll"))
        fills.append(partial(_polls, results=results, cost="frame_ns", title="A delivered frame"))
    figure_class = require(DRAWN_BY, "bench").Figure
    return [_draw(figure_class, fill) for fill in fills]


def _draw(figure_class: type[Any], fill: Callable[[Any], None]) -> str:
    figure = figure_class(figsize=SIZE_INCHES, layout="constrained")
    fill(figure.add_subplot())
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def curve(histogram: Histogram) -> tuple[list[float], list[float]]:
    """Points of a percentile curve: 1/(1-quantile), and µs. As HdrHistogram's plotter draws it."""
    nines, values = [], []
    total, seen = histogram.total, 0
    for value_ns, count in histogram.buckets:
        nines.append(1 / (1 - seen / total))
        values.append(min(value_ns, histogram.max_ns) / 1000)
        seen += count
    nines.append(float(total))
    values.append(histogram.max_ns / 1000)
    return nines, values


def _percentiles(axes: Any, results: Results, phase: Phase) -> None:
    titles = results.titles()
    for path in results.phases()[phase]:
        nines, values = curve(results.together(path, phase))
        axes.plot(nines, values, drawstyle="steps-post", label=titles[path], color=COLOURS.get(path))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1 / (1 - percent / 100) for percent in NINES], [f"{percent:g} %" for percent in NINES])
    axes.minorticks_off()
    axes.set_xlabel("percentile, all repeats together")
    axes.set_ylabel("µs")
    axes.set_title(f"Round trips, {phase_title(phase)}")
    axes.grid(alpha=0.3)
    axes.legend()


def _bars(axes: Any, results: Results) -> None:
    """Groups by length; one bar for each path, with the spread over the repeats."""
    phases = [phase for phase in results.phases() if phase.kind is PhaseKind.ONE_WAY]
    titles = results.titles()
    paths = list(dict.fromkeys(path for phase in phases for path in results.phases()[phase]))
    width = 0.8 / len(paths)
    for number, path in enumerate(paths):
        for group, phase in enumerate(phases):
            found = results.spread(path, phase, messages_per_second)
            if found is None:
                continue
            axes.bar(
                group + (number - len(paths) / 2 + 0.5) * width,
                found.median / 1e6,
                width,
                yerr=[
                    [(found.median - found.low) / 1e6],
                    [(found.high - found.median) / 1e6],
                ],
                color=COLOURS.get(path),
                label=titles[path] if group == 0 else None,
            )
    axes.set_yscale("log")
    axes.set_xticks(range(len(phases)), [phase_title(phase) for phase in phases])
    axes.set_ylabel("million messages a second")
    axes.set_title("One way")
    axes.grid(axis="y", alpha=0.3)
    axes.legend()


def _polls(axes: Any, results: Results, cost: str, title: str) -> None:
    for subject, repeats in results.polls.items():
        channels = [int(each) for each in repeats[0]]
        for number, costs in enumerate(repeats):
            axes.plot(
                channels,
                [costs[str(each)][cost] for each in channels],
                marker="o",
                alpha=0.5,
                color=COLOURS["memif" if subject == "poll-dpdk" else "kernel_lo"],
                label=subject.removeprefix("poll-") if number == 0 else None,
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = sorted({int(each) for repeats in results.polls.values() for each in repeats[0]})
    axes.set_xticks(ticks, [f"{each:,}" for each in ticks])
    axes.minorticks_off()
    axes.set_xlabel("channels")
    axes.set_ylabel("ns")
    axes.set_title(f"{title}, one line for each repeat")
    axes.grid(alpha=0.3)
    axes.legend()
