"""A report: one self-contained HTML file, and the same tables for the terminal."""

from collections.abc import Iterable
from html import escape

from rich.table import Table

from aeron_dpdk.tools.measure.provenance import Provenance
from aeron_dpdk.tools.measure.results import Results
from aeron_dpdk.tools.measure.tables import TextTable

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


def rich_table(table: TextTable) -> Table:
    drawn = Table(title=table.title, title_justify="left")
    for number, heading in enumerate(table.headings):
        drawn.add_column(heading, justify="right" if number else "left")
    for row in table.rows:
        drawn.add_row(*row, style="red" if row[-1] == "NO" else None)
    return drawn


def html_page(
    title: str,
    results: Results,
    shown: Iterable[TextTable],
    plots: list[str],
    how: list[str],
    provenance: Provenance,
) -> str:
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
        + "".join(plots)
        + "<h2>How it was measured</h2>"
        + "".join(f"<p>{escape(sentence)}</p>" for sentence in how)
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
