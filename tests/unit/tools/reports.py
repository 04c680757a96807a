"""Reports like those that load processes write, with only what a test needs."""

from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import LoadReport, PhaseReport, Throughput

MESSAGE_LENGTH = 32


def phase_of(rtt_ns: int | None, messages: int) -> PhaseReport:
    """A phase of one second; with `rtt_ns`, that of an echo's client."""
    round_trips = None if rtt_ns is None else Histogram(((rtt_ns, messages),), rtt_ns)
    return PhaseReport(round_trips, Throughput(messages, MESSAGE_LENGTH * messages, 10**9), 0, 0, 0)


def report_of(*phases: tuple[int | None, int]) -> LoadReport:
    return LoadReport("1.53.0", "DPDK 22.11", tuple(phase_of(*phase) for phase in phases))
