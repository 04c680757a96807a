"""Rates between two views."""

from dataclasses import replace

import pytest
from tests.unit.observe.statuses import COUNTS, OTHER_COUNTS, STATUS, STATUS_OF_TWO

from aeron_dpdk.observe.cnc import DriverFacts
from aeron_dpdk.observe.rates import rates_between
from aeron_dpdk.observe.streams import Stream

LATER = replace(
    STATUS,
    at_ms=STATUS.at_ms + 2000,
    counts=(
        replace(
            COUNTS,
            traffic={**COUNTS.traffic, "rx-packets": 10 + 500, "rx-bytes": 1000 + 64_000},
            drops={**COUNTS.drops, "rx-missed": 6 + 3},
        ),
    ),
    streams=(
        replace(STATUS.streams[0], positions={"rcv-pos": 3000, "sub-pos": 2320, "rcv-naks-sent": 5}),
        replace(STATUS.streams[1], positions={"snd-pos": 1064, "snd-lmt": 4096, "snd-bpe": 7}),
    ),
)


def test_a_rate_is_what_was_added_per_second() -> None:
    [rates] = rates_between(STATUS, LATER).interfaces
    assert rates.traffic["rx-packets"] == 250
    assert rates.traffic["rx-bytes"] == 32_000
    assert rates.traffic["tx-packets"] == 0
    assert rates.drops["rx-missed"] == 1.5


def test_each_interface_has_rates_of_its_own() -> None:
    grown = replace(OTHER_COUNTS, traffic={**OTHER_COUNTS.traffic, "rx-packets": 20 + 100})
    later = replace(STATUS_OF_TWO, at_ms=STATUS.at_ms + 2000, counts=(COUNTS, grown))
    rates = rates_between(STATUS_OF_TWO, later).interfaces
    assert [each.traffic["rx-packets"] for each in rates] == [0, 50]


def test_a_receiving_stream_is_where_its_slowest_subscriber_is() -> None:
    stream = rates_between(STATUS, LATER).streams[0]
    assert (stream.position, stream.bytes_per_s, stream.ahead_bytes, stream.naks) == (2320, 1000, 680, 5)


def test_a_sending_stream_is_ahead_by_its_window() -> None:
    stream = rates_between(STATUS, LATER).streams[1]
    assert (stream.position, stream.bytes_per_s, stream.ahead_bytes, stream.held_back) == (1064, 500, 3032, 7)


def test_a_publication_over_ipc_is_where_its_publisher_is() -> None:
    stream = Stream("send", 1, 2, "aeron:ipc", {"pub-pos": 640, "pub-lmt": 4096})
    later = replace(stream, positions={"pub-pos": 1280, "pub-lmt": 4096})
    [rate] = rates_between(replace(STATUS, streams=(stream,)), replace(LATER, streams=(later,))).streams
    assert (rate.position, rate.bytes_per_s, rate.ahead_bytes) == (1280, 320, 2816)


@pytest.mark.parametrize(
    "before",
    [None, LATER, replace(STATUS, facts=DriverFacts(41, 0, 0))],
    ids=["first look", "same", "restart"],
)
def test_without_an_earlier_view_of_the_same_driver_every_rate_is_zero(before: object) -> None:
    rates = rates_between(before, LATER)  # type: ignore[arg-type]
    [own] = rates.interfaces
    assert {*own.traffic.values(), *own.drops.values()} == {0}
    assert [stream.bytes_per_s for stream in rates.streams] == [0, 0]


def test_a_stream_that_is_new_has_no_rate_yet() -> None:
    rates = rates_between(replace(STATUS, streams=()), LATER)
    assert [stream.bytes_per_s for stream in rates.streams] == [0, 0]
