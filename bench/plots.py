"""The plots of the bench, in the order of its tables."""

from functools import partial
from typing import Any

from aeron_dpdk.tools.measure.plots import draw, stream_plots
from bench.results import BenchResults
from bench.single_costs import Series, Subject

# One colour per path, the same in every plot.
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


def plots(results: BenchResults) -> list[str]:
    """SVG elements. Raises MissingExtraError without matplotlib."""
    fills = stream_plots(results, COLOURS)
    if results.singles.keys() & {Subject.POLL_DPDK, Subject.POLL_KERNEL}:
        fills.append(partial(_polls, results=results, name="idle", title="An idle poll"))
        fills.append(partial(_polls, results=results, name="frame", title="A delivered frame"))
    return draw(fills)


def _polls(axes: Any, results: BenchResults, name: str, title: str) -> None:
    ticks: set[int] = set()
    for subject, path in ((Subject.POLL_DPDK, "memif"), (Subject.POLL_KERNEL, "kernel_lo")):
        for repeat, costs in enumerate(results.singles.get(subject, [])):
            channels = sorted(series.channels for series in costs if series.name == name)
            axes.plot(
                channels,
                [costs[Series(name, each)].p50 for each in channels],
                marker="o",
                alpha=0.5,
                color=COLOURS[path],
                label=subject.removeprefix("poll-") if repeat == 0 else None,
            )
            ticks.update(channels)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sorted(ticks), [f"{each:,}" for each in sorted(ticks)])
    axes.minorticks_off()
    axes.set_xlabel("channels")
    axes.set_ylabel("ns")
    axes.set_title(f"{title}, one line for each repeat")
    axes.grid(alpha=0.3)
    axes.legend()
