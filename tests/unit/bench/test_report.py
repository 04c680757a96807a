import json
import xml.etree.ElementTree as ElementTree
from io import StringIO

import pytest
from bench.parts import Part
from bench.report import as_data, as_html, as_terminal
from bench.results import BenchResults
from bench.run import Options
from rich.console import Console

from aeron_dpdk.tools.measure.conditions import Conditions
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.plots import curve
from aeron_dpdk.tools.measure.provenance import Provenance

from .bench_results import everything

OPTIONS = Options(frozenset(Part), 2, 600_000_000, (0,), (1,))
CONDITIONS = Conditions(200_000_000, 600_000_000, (0,), (1,), True)
PROVENANCE = Provenance("1.53.0", "22.11", "abc123", "EPYC <4>", 2, "6.1", "Debian", "bench --x", 0.25)


def terminal(results: BenchResults) -> str:
    console = Console(width=130, record=True, file=StringIO())
    console.print(as_terminal(results, OPTIONS, CONDITIONS, PROVENANCE))
    return console.export_text()


def test_the_terminal_shows_goals_tables_notes_and_how_it_was_measured() -> None:
    text = terminal(everything())
    for shown in (
        "Goals",
        "Echo: round trips in µs",
        "Throughput, one way",
        "Cost of a poll",
        "DEDICATED",
        "Instructions of our own code",
        "futex 3",
        "Something was not measured.",
        "abc123",
        "no NICs",
    ):
        assert shown in text


def test_parts_that_were_not_run_have_no_table() -> None:
    text = terminal(BenchResults())
    assert "not measured" in text
    assert "Throughput" not in text


def test_what_was_not_counted_is_not_shown_as_zero() -> None:
    line = next(line for line in terminal(everything()).splitlines() if "futex 3" in line)
    assert "not counted" in line, "TLB shoot-downs are -1"


def test_the_report_needs_no_other_file() -> None:
    pytest.importorskip("matplotlib")
    page = as_html(everything(), OPTIONS, CONDITIONS, PROVENANCE)
    for loaded in ("<script", "<link", "<img", "<iframe", "@import", "url(http", 'src="'):
        assert loaded not in page
    assert page.count("<svg") == 4, "one echo, throughput, two costs of a poll"
    for svg in page.split("<svg")[1:]:
        ElementTree.fromstring("<svg" + svg.partition("</svg>")[0] + "</svg>")


def test_text_from_the_machine_is_escaped() -> None:
    pytest.importorskip("matplotlib")
    page = as_html(everything(), OPTIONS, CONDITIONS, PROVENANCE)
    assert "EPYC &lt;4&gt;" in page
    assert "EPYC <4>" not in page


def test_the_file_begins_with_the_figures_and_says_where_they_come_from() -> None:
    data = json.loads(json.dumps(as_data(everything(), OPTIONS, CONDITIONS, PROVENANCE)))
    assert next(iter(data)) == "figures"
    assert data["provenance"]["git"] == "abc123"
    assert data["notes"] == ["Something was not measured."]


def test_a_percentile_curve_reaches_the_maximum_at_the_last_of_all_values() -> None:
    nines, values_us = curve(Histogram(((1_000, 90), (2_000, 9), (5_000, 1)), 4_900))
    assert nines == pytest.approx([1, 10, 100, 100])
    assert values_us == [1, 2, 4.9, 4.9]
