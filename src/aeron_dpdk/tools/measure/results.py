"""What was measured between two sides, and ways to look it up: medians and spread over the repeats."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

from aeron_dpdk.tools.measure.histogram import Histogram, merged
from aeron_dpdk.tools.measure.job import Phase, PhaseReport
from aeron_dpdk.tools.measure.schedule import Done

PERCENTILES = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9}


@dataclass(frozen=True, slots=True)
class Spread:
    """The spread of one figure over the repeats."""

    median: float
    low: float
    high: float


def spread(values: list[float]) -> Spread | None:
    """None if there are no values."""
    return Spread(median(values), min(values), max(values)) if values else None


@dataclass(frozen=True, slots=True)
class Sides:
    """One phase of one path in one repeat."""

    server: PhaseReport
    client: PhaseReport

    @property
    def round_trips(self) -> Histogram:
        """The round trips of an echo."""
        assert self.client.round_trips is not None, "an echo's client measures round trips"
        return self.client.round_trips


@dataclass
class Results:
    """`notes` say what is missing and why; `failures` are failed rounds."""

    streams: list[Done] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def phases(self) -> dict[Phase, list[str]]:
        """The paths that each phase was measured on, in the order of measuring."""
        found: dict[Phase, list[str]] = {}
        for done in self.streams:
            for phase in done.entry.phases:
                names = found.setdefault(phase, [])
                if done.entry.path.name not in names:
                    names.append(done.entry.path.name)
        return found

    def titles(self) -> dict[str, str]:
        return {done.entry.path.name: done.entry.path.title for done in self.streams}

    def of(self, path: str, phase: Phase) -> dict[int, Sides]:
        """Results by repeat."""
        return dict(self._found(path, phase))

    def _found(self, path: str, phase: Phase) -> Iterator[tuple[int, Sides]]:
        for done in self.streams:
            if done.entry.path.name == path and phase in done.entry.phases:
                index = done.entry.phases.index(phase)
                yield done.repeat, Sides(done.round.server.phases[index], done.round.client.phases[index])

    def spread(self, path: str, phase: Phase, figure: Callable[[Sides], float]) -> Spread | None:
        return spread([figure(sides) for sides in self.of(path, phase).values()])

    def ratio(self, over: str, under: str, phase: Phase, figure: Callable[[Sides], float]) -> Spread | None:
        """The ratio of two paths within each repeat, in which they ran one after the other."""
        tops, bottoms = self.of(over, phase), self.of(under, phase)
        return spread(
            [figure(tops[repeat]) / figure(bottoms[repeat]) for repeat in tops if repeat in bottoms]
        )

    def together(self, path: str, phase: Phase) -> Histogram:
        """The round trips of all repeats."""
        return merged(sides.round_trips for sides in self.of(path, phase).values())


def percentile_ns(percent: float) -> Callable[[Sides], float]:
    return lambda sides: sides.round_trips.percentile(percent)


def messages_per_second(sides: Sides) -> float:
    """What arrived at the subscriber; for an echo, what came back."""
    counting = sides.server if sides.client.round_trips is None else sides.client
    return counting.throughput.messages_per_second


def bytes_per_second(sides: Sides) -> float:
    return sides.server.throughput.bytes_per_second
