"""The program behind decision 15 runs, and its counts are plausible."""

import pytest
from bench.zero_copy.measure import (
    DEVICES,
    PAYLOAD_LENGTHS,
    PLACES,
    WAYS,
    Case,
    Count,
    count_frames,
    count_table,
    time_frames,
    time_table,
    why_not,
)

CASES = {Case(device, length, way) for device in DEVICES for length in PAYLOAD_LENGTHS for way in WAYS}


@pytest.fixture(scope="module")
def counted() -> dict[Case, Count]:
    if reason := why_not():
        pytest.skip(reason)
    return count_frames()


def test_every_way_to_send_is_counted_over_every_device(counted: dict[Case, Count]) -> None:
    assert set(counted) == CASES
    assert all(count.instructions > 50 and count.lines > 1 for count in counted.values())
    assert len(list(count_table(counted))) == 2 + len(DEVICES) * len(PAYLOAD_LENGTHS)


def test_a_copy_reads_each_line_of_the_payload_and_writes_it(counted: dict[Case, Count]) -> None:
    lines_of_4_kib = 4096 / 64
    for device in DEVICES:
        more = counted[Case(device, 8192, "copied")].lines - counted[Case(device, 4096, "copied")].lines
        assert more == pytest.approx(2 * lines_of_4_kib, rel=0.1)


@pytest.mark.parametrize("way", ["attached", "pinned"])
def test_a_payload_that_is_pointed_at_costs_the_same_whatever_its_length(
    counted: dict[Case, Count], way: str
) -> None:
    for device in DEVICES:
        short, long = (counted[Case(device, length, way)] for length in (1376, 8192))
        assert long.instructions == pytest.approx(short.instructions, rel=0.02)
        assert long.lines == pytest.approx(short.lines, abs=2)


def test_every_way_to_send_is_timed_wherever_the_payload_was_written() -> None:
    if reason := why_not():
        pytest.skip(reason)
    times = time_frames(1, is_huge=False)
    assert {place: set(cases) for place, cases in times.items()} == {place: CASES for place in PLACES}
    assert all(values[0] > 0 for cases in times.values() for values in cases.values())
    assert len(list(time_table(times))) == 2 + len(PLACES) * len(CASES) // len(WAYS)
