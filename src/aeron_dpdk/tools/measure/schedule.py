"""Rounds of several paths in turn: a machine's speed drifts within minutes, but ratios stay the same."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.measure.conditions import Conditions
from aeron_dpdk.tools.measure.job import Phase
from aeron_dpdk.tools.measure.paths import MeasuredPath
from aeron_dpdk.tools.measure.processes import Round, run_round


@dataclass(frozen=True, slots=True)
class ScheduleEntry:
    """What one pair of processes does."""

    path: MeasuredPath
    phases: tuple[Phase, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """An entry and its result in one repeat."""

    entry: ScheduleEntry
    repeat: int
    round: Round


def run_interleaved(
    entries: Iterable[ScheduleEntry],
    repeats: int,
    conditions: Conditions,
    progress: Callable[[str], None],
    on_failure: Callable[[str], None] | None = None,
) -> Iterator[Done]:
    """Every entry once, then every entry again: what is compared runs within seconds of each other.

    If `on_failure` is given, it is told of a failed round and the others go on; otherwise LoadError is
    raised.
    """
    listed = tuple(entries)
    for repeat in range(repeats):
        for number, entry in enumerate(listed, 1):
            progress(f"repeat {repeat + 1} of {repeats}, {number} of {len(listed)}: {entry.path.title}")
            try:
                done = Done(entry, repeat, run_round(entry.path, entry.phases, conditions))
            except LoadError as error:
                if on_failure is None:
                    raise
                on_failure(f"{entry.path.title}, repeat {repeat + 1}: {error.reason} ({error.side})")
            else:
                yield done
