"""Latency histograms as the load generator returns them: non-empty buckets in ascending order."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil, floor, log10

# Six bins per decade: about equally wide on a logarithmic axis, with edges that are easy to read.
STEPS_PER_DECADE = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)


@dataclass(frozen=True, slots=True)
class Bin:
    """The number of values above `low_ns` and not above `high_ns`."""

    low_ns: float
    high_ns: float
    count: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """`buckets` are (greatest value of the bucket in ns, count > 0); `max_ns` is exact."""

    buckets: tuple[tuple[int, int], ...]
    max_ns: int

    @property
    def total(self) -> int:
        return sum(count for _, count in self.buckets)

    def percentile(self, percent: float) -> int:
        """The smallest recorded value, in ns, that `percent` of all values do not exceed; ValueError if
        empty.

        Every value counts as the greatest of its bucket, as in HdrHistogram: the result is never too good.
        """
        if not self.buckets:
            raise ValueError("an empty histogram has no percentiles")
        wanted = max(1, ceil(self.total * percent / 100))
        seen = 0
        for value_ns, count in self.buckets:
            seen += count
            if seen >= wanted:
                return min(value_ns, self.max_ns)
        return self.max_ns


def merged(histograms: Iterable[Histogram]) -> Histogram:
    """All values of all histograms."""
    parts = tuple(histograms)
    every = groupby(sorted(bucket for part in parts for bucket in part.buckets), lambda bucket: bucket[0])
    buckets = tuple((value_ns, sum(count for _, count in group)) for value_ns, group in every)
    return Histogram(buckets, max((part.max_ns for part in parts), default=0))


def edges(low_ns: int, high_ns: int) -> list[float]:
    """Edges of a logarithmic axis that covers both values; 0 is drawn as 1 ns."""
    low_ns, high_ns = max(low_ns, 1), max(high_ns, 1)
    steps = [
        step * 10.0**decade
        for decade in range(floor(log10(low_ns)) - 1, ceil(log10(high_ns)) + 1)
        for step in STEPS_PER_DECADE
    ]
    first = max(index for index, step in enumerate(steps) if step < low_ns)
    last = min(index for index, step in enumerate(steps) if step >= high_ns)
    return steps[first : last + 1]


def bins(histogram: Histogram, axis: list[float]) -> Iterator[Bin]:
    """One bar for each interval of the axis, including empty ones."""
    for low_ns, high_ns in pairwise(axis):
        count = sum(count for value_ns, count in histogram.buckets if low_ns < value_ns <= high_ns)
        yield Bin(low_ns, high_ns, count)


def hgrm_lines(histogram: Histogram) -> Iterator[str]:
    """The text that HdrHistogram's plotters read (its outputPercentileDistribution()), in microseconds."""
    yield f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}"
    yield ""
    total, seen = histogram.total, 0
    for value_ns, count in histogram.buckets:
        seen += count
        value = min(value_ns, histogram.max_ns) / 1000
        quantile = seen / total
        nines = f" {1 / (1 - quantile):14.2f}" if seen < total else ""
        yield f"{value:12.3f} {quantile:14.12f} {seen:10d}{nines}"
    yield f"#[Max     = {histogram.max_ns / 1000:12.3f}, Total count    = {total:12d}]"
