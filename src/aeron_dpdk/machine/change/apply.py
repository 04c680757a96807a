"""A plan carried out step by step, each verified; and taken back, when one fails or when asked."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aeron_dpdk.machine.change.journal import Entry, Journal
from aeron_dpdk.machine.change.resources import Resource, State
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.errors import StepFailedError, UndoError
from aeron_dpdk.machine.plan.change import Change

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A change with the state that it meets."""

    change: Change
    before: State

    def __str__(self) -> str:
        resource = self.change.resource
        return f"{resource.name()}: {resource.show(self.before)} -> {resource.show(self.change.after)}"


def steps_of(changes: Iterable[Change], system: System) -> tuple[Step, ...]:
    """What remains to be done: changes whose state is there already are left out."""
    steps = (Step(change, change.resource.read(system)) for change in changes)
    return tuple(step for step in steps if _is_needed(step))


def _is_needed(step: Step) -> bool:
    resource = step.change.resource
    return resource.is_always_kept or not resource.is_same(step.before, step.change.after)


def apply(steps: Sequence[Step], system: System, journal: Journal, report: Report) -> None:
    """Raises StepFailedError once what was done is taken back."""
    done: list[_Done] = []
    for step in steps:
        resource, after = step.change.resource, step.change.after
        before = resource.read(system)  # an earlier step may have brought it into being
        record = _Done(resource, before, journal.find(resource))
        done.append(record)
        journal.begin(resource, before, after)
        report(str(Step(step.change, before)))
        try:
            resource.write(system, after)
            seen = resource.read(system)
            reason = None if resource.is_same(seen, after) else f"it is {resource.show(seen)} instead"
        except OSError as error:
            reason = error.strerror or str(error)
        except BaseException:
            _take_back(done, system, journal, report)
            raise
        if reason is not None:
            remains = _take_back(done, system, journal, report)
            raise StepFailedError(str(Step(step.change, before)), reason, step.change.advice, remains)
        journal.finish(resource)


@dataclass(frozen=True, slots=True)
class _Done:
    """`entry` is what the journal had on the resource before this plan."""

    resource: Resource
    before: State
    entry: Entry | None


def _take_back(done: Sequence[_Done], system: System, journal: Journal, report: Report) -> tuple[str, ...]:
    remains = []
    for record in reversed(done):
        failure = _restore(record.resource, record.before, system)
        if failure is None:
            report(f"taken back: {record.resource.name()} is {record.resource.show(record.before)}")
            journal.reset(record.resource, record.entry)
        else:
            remains.append(failure)
    return tuple(remains)


def _restore(resource: Resource, before: State, system: System) -> str | None:
    """What could not be restored, and why; None when it is as it was."""
    try:
        seen = resource.read(system)
        if (seen is None and resource.can_vanish) or resource.is_same(seen, before):
            return None
        resource.write(system, before)
        seen = resource.read(system)
    except OSError as error:
        return f"{resource.name()}: {error.strerror or error}"
    if before is None or resource.is_same(seen, before):
        return None
    return f"{resource.name()} is {resource.show(seen)} instead of {resource.show(before)}"


def undo(system: System, journal: Journal, report: Report) -> None:
    """Latest first. Raises UndoError when something remains; that stays in the journal."""
    remains = []
    for entry in reversed(journal.entries):
        failure = _undo(entry, system, report)
        if failure is None:
            journal.reset(entry.resource, None)
        else:
            remains.append(failure)
    if remains:
        raise UndoError(tuple(remains))


def _undo(entry: Entry, system: System, report: Report) -> str | None:
    resource = entry.resource
    try:
        seen = resource.read(system)
    except OSError as error:
        return f"{resource.name()}: {error.strerror or error}"
    if _is_others_work(entry, seen):
        report(f"left as it is, since others changed it: {resource.name()}: {resource.show(seen)}")
        return None
    failure = _restore(resource, entry.before, system)
    if failure is None and not resource.is_same(seen, entry.before):
        report(f"{resource.name()}: {resource.show(seen)} -> {resource.show(entry.before)}")
    return failure


def _is_others_work(entry: Entry, seen: State) -> bool:
    """An unfinished change is ours, however far it came."""
    resource = entry.resource
    known = (entry.before, entry.after)
    return (
        resource.is_left_to_others
        and entry.is_done
        and seen is not None
        and not any(resource.is_same(seen, state) for state in known)
    )
