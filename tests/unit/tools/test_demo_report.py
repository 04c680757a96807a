import json
from io import StringIO

import pytest
from rich.console import Console

from aeron_dpdk.tools.demo_report import (
    Circumstances,
    PathSummary,
    as_json,
    bar_text,
    latency,
    render,
    summarise,
)
from aeron_dpdk.tools.measure.processes import Round

from .reports import report_of

CIRCUMSTANCES = Circumstances(32, 3, (0, 1), True, "1.53.0", "DPDK 22.11", "abc123")


def round_of(rtt_ns: int, messages: int) -> Round:
    return Round(
        server=report_of((None, 0), (None, messages)), client=report_of((rtt_ns, 100), (None, 2 * messages))
    )


def paths() -> dict[str, PathSummary]:
    return {
        "dpdk": summarise([round_of(rtt, 6_000_000) for rtt in (1_500, 1_600, 90_000)]),
        "kernel": summarise([round_of(rtt, 1_000_000) for rtt in (12_000, 16_000, 17_000)]),
    }


def test_one_disturbed_round_does_not_move_the_medians_but_is_the_maximum() -> None:
    summary = paths()["dpdk"]
    assert summary.rtt_ns == {"p50": 1_600, "p99": 1_600, "p99.9": 1_600, "max": 90_000}


def test_the_file_holds_both_paths_and_where_they_were_measured() -> None:
    content = json.loads(json.dumps(as_json(paths(), CIRCUMSTANCES)))
    assert content["paths"]["kernel"]["rtt_ns"]["p50"] == 16_000
    assert content["paths"]["dpdk"]["messages_per_second"] == 6_000_000
    assert content["paths"]["dpdk"]["bytes_per_second"] == 192_000_000
    assert (content["message_length"], content["git"]) == (32, "abc123")
    assert (content["aeron_version"], content["dpdk_version"]) == ("1.53.0", "DPDK 22.11")


def test_the_terminal_shows_percentiles_and_ratios() -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(render(paths(), CIRCUMSTANCES))
    text = console.export_text()
    assert "1.6 µs" in text
    assert "16 µs" in text
    assert "10.0 ×" in text, "p50: 16 µs over 1.6 µs"
    assert "6.0 ×" in text, "messages per second"


@pytest.mark.parametrize(
    ("value_ns", "text"),
    [
        (7, "7 ns"),
        (999, "999 ns"),
        (1_000, "1 µs"),
        (1_634, "1.63 µs"),
        (999_400, "999 µs"),
        (999_600, "1 ms"),
    ],
)
def test_times_are_three_digits_and_a_unit(value_ns: int, text: str) -> None:
    assert latency(value_ns) == text


def test_the_largest_count_fills_the_bar_and_the_smallest_still_shows() -> None:
    assert bar_text(1_000_000, 1_000_000, width=8) == "█" * 8
    assert bar_text(1, 1_000_000, width=8) == "▏"
    assert bar_text(0, 1_000_000, width=8) == ""
