"""What `aeron-dpdk status` prints."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from tests.unit.observe.statuses import STATUS, STATUS_OF_TWO

from aeron_dpdk.observe.cnc import DistinctError
from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.threads import ThreadView
from aeron_dpdk.tools.panels import status_panels, summary


def shown(status: Status) -> list[list[str]]:
    """The words of each line, on a terminal that is wide enough."""
    console = Console(width=200, file=io.StringIO(), highlight=False)
    with console.capture() as capture:
        console.print(*status_panels(status), sep="\n")
    return [line.split() for line in capture.get().splitlines()]


def test_longest_cycles_are_shown_by_role_whatever_the_threads_are_called() -> None:
    shared = replace(STATUS, threads=(ThreadView(43, "[conductor, sen", "2", 2, 61_000),))
    lines = shown(shared)
    assert ["[conductor,", "sen", "43", "2", "2", "61.0"] in lines
    for row in (["conductor", "5,000"], ["sender", "20"], ["receiver", "30"]):
        assert row in lines


def test_counts_that_are_not_zero_are_shown_under_their_kind() -> None:
    lines = shown(STATUS)
    drops = lines.index(["DROPS"])
    assert lines[drops + 1] == ["rx-missed", "6"]
    assert ["BACK", "PRESSURE", "none"] in lines
    assert lines[lines.index(["EVENTS"]) + 1] == ["arp-replies-sent", "2"]


def test_levels_neighbours_and_channels_have_a_row_each() -> None:
    lines = shown(STATUS)
    assert ["adk_rx_0", "1,024", "16,383"] in lines
    assert ["rx0", "3", "1,024"] in lines
    assert ["10.0.0.1", "02:00:00:00:00:fe", "reachable", "1.5", "s", "0"] in lines
    assert ["receive", "active", "dpdk", "10.0.0.5:4000", "aeron:udp?endpoint=10.0.0.5:4000"] in lines


def test_of_several_interfaces_each_has_its_facts_its_column_and_its_rows() -> None:
    lines = shown(STATUS_OF_TWO)
    traffic = lines.index(["TRAFFIC"])
    assert lines[traffic + 1 : traffic + 3] == [["dpdk0", "dpdk1"], ["rx-packets", "10", "20"]]
    assert ["interface", "dpdk1"] in lines
    assert ["address", "10.0.1.5/24"] in lines
    assert ["dpdk1", "adk_rx_0", "1,024", "16,383"] in lines
    assert ["dpdk1", "10.0.1.9", "02:00:00:00:00:09", "stale", "2.5", "s", "0"] in lines


def test_problems_are_shown_under_the_headline_one_on_a_line() -> None:
    lines = shown(replace(STATUS, problems=("the link is down", "mempool adk_rx_0 is empty")))
    assert lines[0][-2:] == ["NOT", "HEALTHY"]
    assert lines[1:3] == ["the link is down".split(), "mempool adk_rx_0 is empty".split()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(22) Invalid argument\n[check_mtu, transport.c:80] it does not fit\n[f, g.c:1] uri=x\n",
         "(22) Invalid argument: it does not fit"),
        ("(11) again\n[f, g.c:1] \n[h, i.c:2] more\n", "(11) again"),
        ("one line", "one line"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_error_is_summed_up_by_its_code_and_what_happened(text: str, shown: str) -> None:
    assert summary(text) == shown


def test_of_many_errors_the_latest_are_shown() -> None:
    errors = tuple(DistinctError(1, 0, last_ms, f"error {last_ms}") for last_ms in (5, 1, 9, 7))
    lines = shown(replace(STATUS, errors=errors))
    assert [line[-1] for line in lines[-3:]] == ["5", "7", "9"]
