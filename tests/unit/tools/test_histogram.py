import pytest
from hypothesis import given
from hypothesis import strategies as st

from aeron_dpdk.tools.measure.histogram import Histogram, bins, edges, merged

values = st.lists(st.integers(0, 10**9), min_size=1, max_size=200)


def histogram_of(samples: list[int]) -> Histogram:
    return Histogram(tuple((value, samples.count(value)) for value in sorted(set(samples))), max(samples))


def test_the_median_of_three_is_the_middle_one() -> None:
    assert histogram_of([1, 5, 100]).percentile(50) == 5


def test_the_last_percentile_is_the_exact_maximum_although_its_bucket_is_coarser() -> None:
    assert Histogram(((100, 9), (1023, 1)), max_ns=1020).percentile(100) == 1020


def test_an_empty_histogram_has_no_percentiles() -> None:
    with pytest.raises(ValueError, match="empty"):
        Histogram((), 0).percentile(50)


@given(values, st.floats(0, 100))
def test_as_many_values_as_asked_for_do_not_exceed_a_percentile_and_fewer_stay_below(
    samples: list[int], percent: float
) -> None:
    found = histogram_of(samples).percentile(percent)
    at_most = sum(sample <= found for sample in samples)
    below = sum(sample < found for sample in samples)
    assert at_most >= len(samples) * percent / 100
    assert below < max(1, len(samples) * percent / 100)


@given(values, values)
def test_merged_histograms_hold_the_values_of_both(left: list[int], right: list[int]) -> None:
    assert merged([histogram_of(left), histogram_of(right)]) == histogram_of(left + right)


@given(values)
def test_every_value_is_in_exactly_one_bar(samples: list[int]) -> None:
    histogram = histogram_of([max(1, sample) for sample in samples])
    low, high = histogram.buckets[0][0], histogram.buckets[-1][0]
    assert sum(each.count for each in bins(histogram, edges(low, high))) == len(samples)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_an_axis_covers_its_ends_without_a_wasted_interval(one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)
    axis = edges(low, high)
    assert axis[0] < low <= axis[1]
    assert axis[-2] < high <= axis[-1]
    assert axis == sorted(axis)
