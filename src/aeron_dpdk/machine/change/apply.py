"""Carries out a plan step by step and verifies each; takes it back if one fails, or on request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aeron_dpdk.errors.machine import JournalError, StepFailedError, UndoError
from aeron_dpdk.machine.change.journal import Journal, JournalEntry
from aeron_dpdk.machine.change.resources import Change, Resource, State
from aeron_dpdk.machine.change.system import System

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A change, and the state before it."""

    change: Change
    before: State

    def __str__(self) -> str:
        resource = self.change.resource
        return f"{resource.name()}: {resource.show(self.before)} -> {resource.show(self.change.after)}"


def steps_of(changes: Iterable[Change], system: System) -> tuple[Step, ...]:
    """The changes that remain to be done, without those whose state has been reached already."""
    steps = (Step(change, change.resource.read(system)) for change in changes)
    return tuple(step for step in steps if _is_needed(step))


def _is_needed(step: Step) -> bool:
    resource = step.change.resource
    return resource.is_always_kept or not resource.is_same(step.before, step.change.after)


def apply(steps: Sequence[Step], system: System, journal: Journal, report: Report) -> None:
    """If a step fails, takes back those before it, and raises StepFailedError."""
    done: list[_Done] = []
    for step in steps:
        resource, after = step.change.resource, step.change.after
        before = resource.read(system)  # an earlier step may have created it
        record = _Done(resource, before, journal.find(resource))
        done.append(record)
        advice = step.change.advice
        try:
            journal.begin(resource, before, after)
            report(str(Step(step.change, before)))
            reason = _carry_out(resource, after, system)
            if reason is None:
                journal.finish(resource)
        except JournalError as error:
            reason, advice = error.problem(), error.remedy()
        except BaseException:
            _take_back(done, system, journal, report)
            raise
        if reason is not None:
            remains = _take_back(done, system, journal, report)
            raise StepFailedError(str(Step(step.change, before)), reason, advice, remains)


def _carry_out(resource: Resource, after: State, system: System) -> str | None:
    """Why the resource is not as it should be; None if it is."""
    try:
        resource.write(system, after)
        seen = resource.read(system)
    except OSError as error:
        return error.strerror or str(error)
    return None if resource.is_same(seen, after) else f"it is {resource.show(seen)} instead"


@dataclass(frozen=True, slots=True)
class _Done:
    """`entry` is what the journal had on the resource before this plan."""

    resource: Resource
    before: State
    entry: JournalEntry | None


def _take_back(done: Sequence[_Done], system: System, journal: Journal, report: Report) -> tuple[str, ...]:
    remains = []
    unwritten: JournalError | None = None
    for record in reversed(done):
        failure = _restore(record.resource, record.before, system)
        if failure is None:
            report(f"rolled back: {record.resource.name()} is {record.resource.show(record.before)}")
            unwritten = _reset(journal, record.resource, record.entry)
        else:
            remains.append(failure)
    return (*remains, *_complaint(unwritten))


def _reset(journal: Journal, resource: Resource, entry: JournalEntry | None) -> JournalError | None:
    """Returns an error instead of raising it: a full disk must not keep us from taking back the rest, and the
    next write includes this change."""
    try:
        journal.reset(resource, entry)
    except JournalError as error:
        return error
    return None


def _complaint(unwritten: JournalError | None) -> tuple[str, ...]:
    return () if unwritten is None else (f"{unwritten.problem()}; {unwritten.remedy()}",)


def _restore(resource: Resource, before: State, system: System) -> str | None:
    """What could not be restored, and why; None if it is as it was before."""
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


def undo(system: System, journal: Journal, report: Report) -> bool:
    """Undoes the changes, the latest first. False if something was left as it is because others have changed
    it. Raises UndoError if something could not be undone; that stays in the journal."""
    remains = []
    is_all_back = True
    unwritten: JournalError | None = None
    for entry in reversed(journal.entries):
        failure, is_back = _undo(entry, system, report)
        is_all_back &= is_back
        if failure is None:
            unwritten = _reset(journal, entry.resource, None)
        else:
            remains.append(failure)
    remains += _complaint(unwritten)
    if remains:
        raise UndoError(tuple(remains))
    return is_all_back


def _undo(entry: JournalEntry, system: System, report: Report) -> tuple[str | None, bool]:
    """What could not be restored, and why; and whether it was ours to restore."""
    resource = entry.resource
    try:
        seen = resource.read(system)
    except OSError as error:
        return f"{resource.name()}: {error.strerror or error}", True
    if _is_others_work(entry, seen):
        report(f"left as it is, since others changed it: {resource.name()}: {resource.show(seen)}")
        return None, False
    failure = _restore(resource, entry.before, system)
    if failure is None and not resource.is_same(seen, entry.before):
        report(f"{resource.name()}: {resource.show(seen)} -> {resource.show(entry.before)}")
    return failure, True


def _is_others_work(entry: JournalEntry, seen: State) -> bool:
    """Whether others have changed it since. An unfinished change is always ours."""
    resource = entry.resource
    known = (entry.before, entry.after)
    return (
        resource.is_left_to_others
        and entry.is_done
        and seen is not None
        and not any(resource.is_same(seen, state) for state in known)
    )
