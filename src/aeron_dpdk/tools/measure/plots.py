"""A report's plots, each as one SVG element. matplotlib is an extra: `pip install aeron-dpdk[plots]`."""

import io
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.results import Results, messages_per_second
from aeron_dpdk.tools.measure.tables import phase_title

DRAWN_BY = "matplotlib.figure"
EXTRA = "plots"
SIZE_INCHES = (8.0, 4.2)
NINES = (50.0, 90.0, 99.0, 99.9, 99.99, 99.999)


Fill = Callable[[Any], None]
Colours = Mapping[str, str]


def stream_plots(results: Results, colours: Colours) -> list[Fill]:
    """The contents of each plot's axes, in the order of the tables. `colours` are those of paths, by name."""
    phases = results.phases()
    fills: list[Fill] = [
        partial(_percentiles, results=results, phase=phase, colours=colours)
        for phase in phases
        if phase.kind is PhaseKind.ECHO
    ]
    if any(phase.kind is PhaseKind.ONE_WAY for phase in phases):
        fills.append(partial(_bars, results=results, colours=colours))
    return fills


def draw(fills: Iterable[Fill]) -> list[str]:
    """SVG elements. Raises MissingExtraError without matplotlib."""
    figure_class = require(DRAWN_BY, EXTRA).Figure
    return [_draw(figure_class, fill) for fill in fills]


def _draw(figure_class: type[Any], fill: Fill) -> str:
    figure = figure_class(figsize=SIZE_INCHES, layout="constrained")
    fill(figure.add_subplot())
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def curve(histogram: Histogram) -> tuple[list[float], list[float]]:
    """The points of a percentile curve: 1/(1-quantile), and µs. As HdrHistogram's plotter draws it."""
    nines, values = [], []
    total, seen = histogram.total, 0
    for value_ns, count in histogram.buckets:
        nines.append(1 / (1 - seen / total))
        values.append(min(value_ns, histogram.max_ns) / 1000)
        seen += count
    nines.append(float(total))
    values.append(histogram.max_ns / 1000)
    return nines, values


def _percentiles(axes: Any, results: Results, phase: Phase, colours: Colours) -> None:
    titles = results.titles()
    for path in results.phases()[phase]:
        nines, values = curve(results.together(path, phase))
        axes.plot(nines, values, drawstyle="steps-post", label=titles[path], color=colours.get(path))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([1 / (1 - percent / 100) for percent in NINES], [f"{percent:g} %" for percent in NINES])
    axes.minorticks_off()
    axes.set_xlabel("percentile, all repeats together")
    axes.set_ylabel("µs")
    axes.set_title(f"Round trips, {phase_title(phase)}")
    axes.grid(alpha=0.3)
    axes.legend()


def _bars(axes: Any, results: Results, colours: Colours) -> None:
    """Groups by length; one bar per path, with the spread over the repeats."""
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
                color=colours.get(path),
                label=titles[path] if group == 0 else None,
            )
    axes.set_yscale("log")
    axes.set_xticks(range(len(phases)), [phase_title(phase) for phase in phases])
    axes.set_ylabel("million messages a second")
    axes.set_title("One way")
    axes.grid(axis="y", alpha=0.3)
    axes.legend()
