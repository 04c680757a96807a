"""The text form of a histogram that HdrHistogram's plotters read (its outputPercentileDistribution())."""

from collections.abc import Iterator

from aeron_dpdk.tools.measure.histogram import Histogram


def hgrm_lines(histogram: Histogram) -> Iterator[str]:
    """Values are microseconds."""
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
