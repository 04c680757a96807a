"""The bench's report: for the terminal, as data and as a page."""

from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from aeron_dpdk.tools.measure.conditions import TERM_LENGTH, Conditions
from aeron_dpdk.tools.measure.page import html_page, rich_table, stamp
from aeron_dpdk.tools.measure.provenance import Provenance
from bench.goals import as_json, figures
from bench.plots import plots
from bench.results import BenchResults
from bench.run import Options
from bench.tables import tables


def how(options: Options, conditions: Conditions) -> list[str]:
    """How it was measured, in sentences."""
    threads = (
        "DEDICATED: conductor, sender and receiver of each driver and its load on CPUs of their own"
        if conditions.is_dedicated
        else "one thread for each process runs driver (INVOKER), client and load"
    )
    return [
        f"Two processes for each path, the server on CPU {_cpus(conditions.server_cpus)}, the client on CPU "
        f"{_cpus(conditions.client_cpus)}; {threads}. On the DPDK paths a control plane in Python sleeps "
        "beside it, as in production.",
        f"{options.repeats} repeats, each with fresh processes, all paths of one message length in turn. "
        f"Every phase measures for {conditions.duration_ns / 1e9:g} s after a warm-up of "
        f"{conditions.warmup_ns / 1e9:g} s; an echo's lasts until every term "
        "buffer has been walked.",
        f"Terms of {TERM_LENGTH.upper()}iB, not sparse. Aeron's settings are its defaults otherwise. "
        + ("DPDK's memory is in huge pages." if conditions.has_huge_pages else "No huge pages."),
        "A message that is lost, repeated, reordered or cut fails the measurement.",
        "memif and veth are no NICs: no wire, no PCIe, no interrupt. What is compared is software.",
    ]


def _cpus(cpus: tuple[int, ...]) -> str:
    return ", ".join(map(str, cpus))


def as_terminal(
    results: BenchResults, options: Options, conditions: Conditions, provenance: Provenance
) -> RenderableType:
    parts: list[RenderableType] = []
    for table in tables(results):
        parts += [rich_table(table), Text(table.note, style="dim"), ""]
    parts += [Text(note, style="yellow") for note in results.notes]
    parts += [Text(f"FAILED: {failure}", style="bold red") for failure in results.failures]
    lines = [*how(options, conditions), *(f"{name}: {value}" for name, value in stamp(provenance))]
    return Group(*parts, Text("\n".join(lines), style="dim"))


def as_data(
    results: BenchResults, options: Options, conditions: Conditions, provenance: Provenance
) -> dict[str, Any]:
    """The contents of the file that --json names: the goals first, then all tables as they are shown."""
    return {
        "figures": as_json(figures(results)),
        "tables": [asdict(table) for table in tables(results)],
        "notes": results.notes,
        "failures": results.failures,
        "how": how(options, conditions),
        "provenance": asdict(provenance),
    }


def as_html(results: BenchResults, options: Options, conditions: Conditions, provenance: Provenance) -> str:
    """Raises MissingExtraError without matplotlib."""
    return html_page(
        "aeron-dpdk's bench", results, tables(results), plots(results), how(options, conditions), provenance
    )
