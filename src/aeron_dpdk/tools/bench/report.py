"""The report: one HTML file that needs nothing else, and the same tables for the terminal."""

from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from aeron_dpdk.tools.bench.figures import as_json, figures
from aeron_dpdk.tools.bench.plots import plots
from aeron_dpdk.tools.bench.results import Results
from aeron_dpdk.tools.bench.run import Wishes
from aeron_dpdk.tools.bench.tables import TextTable, tables
from aeron_dpdk.tools.measure.provenance import Provenance
from aeron_dpdk.tools.measure.setting import TERM_LENGTH, Setting

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 0.5em 0 }
th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #ddd; text-align: right; vertical-align: top }
th:first-child, td:first-child { text-align: left }
.NO { color: #b2182b; font-weight: bold }
p.note { color: #555; max-width: 60em }
svg { max-width: 100%; height: auto }
code { background: #f3f3f3; padding: 0 0.2em }
"""


def how(wishes: Wishes, setting: Setting) -> list[str]:
    """In sentences, how it was measured."""
    threads = (
        "DEDICATED: conductor, sender and receiver of each driver and its load on CPUs of their own"
        if setting.is_dedicated
        else "one thread for each process runs driver (INVOKER), client and load"
    )
    return [
        f"Two processes for each path, the server on CPU {_cpus(setting.server_cpus)}, the client on CPU "
        f"{_cpus(setting.client_cpus)}; {threads}. On the DPDK paths a control plane in Python sleeps "
        "beside it, as in production.",
        f"{wishes.repeats} repeats, each with fresh processes, all paths of one message length in turn. "
        f"Every phase measures for {setting.duration_ns / 1e9:g} s after a warm-up of "
        f"{setting.warmup_ns / 1e9:g} s; an echo's lasts until every term "
        "buffer has been walked.",
        f"Terms of {TERM_LENGTH.upper()}iB, not sparse. Aeron's settings are its defaults otherwise. "
        + ("DPDK's memory is in huge pages." if setting.has_huge_pages else "No huge pages."),
        "A message that is lost, repeated, reordered or cut fails the measurement.",
        "memif and veth are no NICs: no wire, no PCIe, no interrupt. What is compared is software.",
    ]


def _cpus(cpus: tuple[int, ...]) -> str:
    return ", ".join(map(str, cpus))


def stamp(provenance: Provenance) -> list[tuple[str, str]]:
    return [
        ("command", provenance.command),
        ("ours", provenance.git),
        ("Aeron", provenance.aeron),
        ("DPDK", provenance.dpdk),
        ("CPU", f"{provenance.cpu}, {provenance.cpus} of them ours"),
        ("kernel", f"{provenance.kernel}, {provenance.distribution}"),
        ("load average before", f"{provenance.load_average:.2f}"),
    ]


def as_terminal(results: Results, wishes: Wishes, setting: Setting, provenance: Provenance) -> RenderableType:
    parts: list[RenderableType] = []
    for table in tables(results):
        parts += [rich_table(table), Text(table.note, style="dim"), ""]
    parts += [Text(note, style="yellow") for note in results.notes]
    parts += [Text(f"FAILED: {failure}", style="bold red") for failure in results.failures]
    lines = [*how(wishes, setting), *(f"{name}: {value}" for name, value in stamp(provenance))]
    return Group(*parts, Text("\n".join(lines), style="dim"))


def rich_table(table: TextTable) -> Table:
    drawn = Table(title=table.title, title_justify="left")
    for number, heading in enumerate(table.headings):
        drawn.add_column(heading, justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*row, style="red" if row[-1] == "NO" else None)
    return drawn


def as_data(results: Results, wishes: Wishes, setting: Setting, provenance: Provenance) -> dict[str, Any]:
    """The content of the file that --json names: the goals first, then all tables as they are shown."""
    return {
        "figures": as_json(figures(results)),
        "tables": [asdict(table) for table in tables(results)],
        "notes": results.notes,
        "failures": results.failures,
        "how": how(wishes, setting),
        "provenance": asdict(provenance),
    }


def as_html(results: Results, wishes: Wishes, setting: Setting, provenance: Provenance) -> str:
    """Raises MissingExtraError without matplotlib."""
    return html_page("aeron-dpdk bench", results, tables(results), how(wishes, setting), provenance)


def html_page(
    title: str, results: Results, shown: Iterable[TextTable], how_: list[str], provenance: Provenance
) -> str:
    """With the plots of what was measured. Raises MissingExtraError without matplotlib."""
    notes = "".join(f"<p>{escape(note)}</p>" for note in results.notes)
    notes += "".join(f'<p class="NO">FAILED: {escape(failure)}</p>' for failure in results.failures)
    stamped = "".join(
        f"<tr><td>{escape(name)}</td><td><code>{escape(value)}</code></td></tr>"
        for name, value in stamp(provenance)
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>"
        f"<table>{stamped}</table>{notes}"
        + "".join(_html(table) for table in shown)
        + "<h2>Plots</h2>"
        + "".join(plots(results))
        + "<h2>How it was measured</h2>"
        + "".join(f"<p>{escape(sentence)}</p>" for sentence in how_)
        + "</body></html>\n"
    )


def _html(table: TextTable) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in table.headings)
    rows = "".join(
        "<tr>" + "".join(f'<td class="{_css(cell)}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in table.rows
    )
    return (
        f"<h2>{escape(table.title)}</h2><table><tr>{head}</tr>{rows}</table>"
        f'<p class="note">{escape(table.note)}</p>'
    )


def _css(cell: str) -> str:
    return "NO" if cell == "NO" else ""
