"""The requests and answers of ping and pong, and how the results are shown."""

import json
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.observe.views import INTERFACE

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.observe.view import AddressView, InterfaceView
from aeron_dpdk.tools.hosts.addresses import address_towards
from aeron_dpdk.tools.hosts.aeron_link import AeronLink
from aeron_dpdk.tools.hosts.measure import HostPath, Measured
from aeron_dpdk.tools.hosts.report import DIRECT, KERNEL, as_data, as_results, shown_tables
from aeron_dpdk.tools.hosts.request import (
    FIRST_STREAM_ID,
    MAX_PHASE_NS,
    Place,
    Request,
    answer_text,
    failure_text,
    parse_answer,
    parse_request,
)
from aeron_dpdk.tools.measure.histogram import Histogram, hgrm_lines
from aeron_dpdk.tools.measure.job import Phase, PhaseKind, PhaseReport, Role, Throughput
from aeron_dpdk.tools.ping import phases_of, ping
from aeron_dpdk.tools.pong import pong

HERE, THERE = Place(IPv4Address("10.0.0.1"), 20124), Place(IPv4Address("10.0.0.2"), 20123)
REQUEST = Request(HERE, FIRST_STREAM_ID, Phase(PhaseKind.ECHO, 32, 1000), 10, 20)
ROUND_TRIPS = Histogram(((1000, 50), (2000, 49), (10_000, 1)), 9500)


def report(messages: int, round_trips: Histogram | None = None) -> PhaseReport:
    throughput = Throughput(messages, 32 * messages, 10**9)
    return PhaseReport(round_trips, throughput, 0, 1, 2)


def test_a_request_arrives_as_it_was_sent() -> None:
    assert parse_request(REQUEST.to_json()) == REQUEST


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stream_id", FIRST_STREAM_ID - 1),
        ("duration_ns", MAX_PHASE_NS + 1),
        ("duration_ns", 1.5),
        ("warmup_ns", -1),
        ("phase", {"kind": "flood", "message_length": 32, "rate": 0}),
        ("phase", {"kind": "echo", "message_length": 1 << 20, "rate": 0}),
        ("reply_to", {"address": "10.0.0.1|mtu=8k", "udp_port": 1}),
        ("reply_to", {"address": "10.0.0.1", "udp_port": 0}),
        ("reply_to", None),
    ],
)
def test_a_request_beyond_its_bounds_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValueError):
        parse_request(json.dumps({**json.loads(REQUEST.to_json()), field: value}))


@given(st.text(max_size=200) | st.recursive(st.none() | st.integers(), st.lists).map(json.dumps))
def test_any_other_text_is_refused_with_a_value_error(text: str) -> None:
    for parse in (parse_request, parse_answer):
        with pytest.raises(ValueError):
            parse(text)


def test_an_answer_arrives_as_it_was_sent_or_with_pongs_reason() -> None:
    assert parse_answer(answer_text(report(5))) == report(5)
    with pytest.raises(ValueError, match="no room"):
        parse_answer(failure_text("no room"))


def test_every_request_and_answer_fits_one_message() -> None:
    largest = Request(
        Place(IPv4Address("255.255.255.255"), 65535),
        (1 << 31) - 1,
        Phase(PhaseKind.ONE_WAY, 65504, 100_000_000),
        MAX_PHASE_NS,
        MAX_PHASE_NS,
    )
    longest = report(1 << 62)
    for text in (largest.to_json(), answer_text(longest), failure_text('"ü' * 10_000)):
        assert len(text.encode()) <= 1024  # ADK_LOAD_TEXT_MAX


def test_every_length_is_measured_and_the_rates_at_the_first() -> None:
    assert phases_of((32, 288), (1000,)) == (
        Phase(PhaseKind.ECHO, 32),
        Phase(PhaseKind.ECHO, 288),
        Phase(PhaseKind.ECHO, 32, 1000),
        Phase(PhaseKind.ONE_WAY, 32),
        Phase(PhaseKind.ONE_WAY, 288),
    )


def measured(names: tuple[str, ...]) -> list[Measured]:
    """The kernel's round trips take three times as long, and it carries a third of the messages."""
    found = []
    for name in names:
        times = 3 if name == KERNEL else 1
        slow = Histogram(tuple((value * times, n) for value, n in ROUND_TRIPS.buckets), 9500 * times)
        path = HostPath(name, name, lambda: AeronLink(Path("/dev/shm/aeron"), Role.CLIENT), HERE, THERE)
        found += [
            Measured(path, Phase(PhaseKind.ECHO, 32), 0, report(100, slow), report(100)),
            Measured(path, Phase(PhaseKind.ONE_WAY, 32), 0, report(900), report(900 // times)),
        ]
    return found


def test_the_kernels_route_is_compared_within_each_repeat() -> None:
    ratios, *_ = shown_tables(as_results(measured((DIRECT, KERNEL))))
    assert ratios.title == "DPDK against the kernel"
    assert [row[1] for row in ratios.rows] == ["3", "3", "3", "3"]


def test_without_it_there_is_nothing_to_compare() -> None:
    titles = [table.title for table in shown_tables(as_results(measured((DIRECT,))))]
    assert titles == ["Echo: round trips in µs", "Throughput, one way"]


def test_the_data_have_percentiles_rates_and_losses() -> None:
    echo, one_way = as_data(as_results(measured((DIRECT,))))["measured"]
    assert echo["round_trips"]["p50_ns"] == 1000
    assert echo["round_trips"]["max_ns"] == 9500
    assert one_way["messages_per_second"] == [900]
    assert (one_way["retransmits"], one_way["naks"]) == (1, 2)


def test_a_histogram_has_the_format_that_hdr_histograms_plotters_read() -> None:
    """Columns and footer of HdrHistogram's AbstractHistogram.outputPercentileDistribution()."""
    head, blank, *rows, last = hgrm_lines(ROUND_TRIPS)
    assert head.split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert blank == ""
    values: list[Any] = [[float(each) for each in row.split()] for row in rows]
    assert values == [[1, 0.5, 50, 2], [2, 0.99, 99, 100], [9.5, 1, 100]]
    assert last.startswith("#[Max")


@pytest.mark.parametrize(
    "option", ["--lengths=8", "--lengths=", "--lengths=32,x", "--lengths=65505", "--rates=0", "--rates=-5"]
)
def test_lengths_and_rates_that_no_driver_carries_are_refused_by_their_names(option: str) -> None:
    done = CliRunner().invoke(ping, ["10.0.0.2", option])
    assert done.exit_code == ExitCode.USAGE
    assert option.partition("=")[0] in done.output


def at(local: str, prefix_length: int | None, gateway: str | None = None) -> InterfaceView:
    return replace(INTERFACE, address=AddressView(local, prefix_length, gateway))


@pytest.mark.parametrize(
    ("peer", "own"),
    [
        ("10.0.1.9", "10.0.1.5"),
        ("10.0.1.130", "10.0.1.129"),
        ("192.0.2.1", "10.0.2.5"),
        (None, "10.0.1.5"),
    ],
    ids=["on its link", "by the longest prefix", "by a gateway", "for a peer not yet known"],
)
def test_of_several_addresses_the_one_that_leads_to_the_peer_is_used(peer: str | None, own: str) -> None:
    interfaces = [
        at("10.0.1.5", 24),
        at("10.0.1.129", 25),
        at("10.0.2.5", 24, "10.0.2.1"),
        at("10.0.3.5", 24, "10.0.3.1"),
    ]
    assert address_towards(IPv4Address(peer) if peer else None, interfaces) == IPv4Address(own)


@pytest.mark.parametrize(("command", "arguments"), [(ping, ["10.0.0.2", "--", "-l0"]), (pong, ["--", "-l0"])])
def test_a_drivers_arguments_without_floor_are_a_mistake(
    command: click.Command, arguments: list[str]
) -> None:
    done = CliRunner().invoke(command, arguments)
    assert done.exit_code == ExitCode.USAGE
    assert "-l0 is for a driver of --floor" in done.output
