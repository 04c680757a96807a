"""What setup has changed. Each change is on disk before it is made, so that undo works after kill -9 at any
moment."""

import errno
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

from aeron_dpdk.errors.machine import JournalError
from aeron_dpdk.machine.change.nic_resources import NetworkConfiguration, PciBinding
from aeron_dpdk.machine.change.resources import (
    BootArguments,
    ConfigFile,
    CpuArguments,
    FilePermissions,
    KernelModule,
    KernelValue,
    Resource,
    State,
    SymbolicLink,
)
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.saved_nic import STATE_DIRECTORY

PLACE = f"{STATE_DIRECTORY}/journal.json"
LOCK = f"{STATE_DIRECTORY}/lock"
VERSION = 1
RESOURCES: dict[str, type[Resource]] = {
    each.kind: each
    for each in (
        BootArguments,
        CpuArguments,
        ConfigFile,
        FilePermissions,
        KernelModule,
        KernelValue,
        NetworkConfiguration,
        PciBinding,
        SymbolicLink,
    )
}


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`before` is the state before the first time that setup touched the resource. `is_done` is False from
    just before a change until it is verified."""

    kind: str
    target: str
    before: State
    after: State
    is_done: bool

    @property
    def resource(self) -> Resource:
        return RESOURCES[self.kind](self.target)


class Journal:
    """Oldest entry first, one for each resource. Use it inside `opened_journal`."""

    def __init__(self, system: System) -> None:
        """Raises JournalError."""
        self._system = system
        self.entries: tuple[JournalEntry, ...] = _read(system)

    def find(self, resource: Resource) -> JournalEntry | None:
        key = (resource.kind, resource.target)
        return next((entry for entry in self.entries if (entry.kind, entry.target) == key), None)

    def begin(self, resource: Resource, before: State, after: State) -> None:
        """Call it before the change. It keeps the state before the first change."""
        known = self.find(resource)
        if known is None:
            entry = JournalEntry(resource.kind, resource.target, before, after, is_done=False)
            self._write((*self.entries, entry))
        else:
            self._replace(known, replace(known, after=after, is_done=False))

    def finish(self, resource: Resource) -> None:
        """Call it once the change has been verified."""
        known = self.find(resource)
        assert known is not None
        self._replace(known, replace(known, is_done=True))

    def reset(self, resource: Resource, to: JournalEntry | None) -> None:
        """Puts back the entry that was there before `begin`; None removes it."""
        known = self.find(resource)
        if known is not None:
            self._replace(known, to)

    def _replace(self, old: JournalEntry, new: JournalEntry | None) -> None:
        self._write(
            tuple(
                new if entry is old else entry
                for entry in self.entries
                if entry is not old or new is not None
            )
        )

    def _write(self, entries: tuple[JournalEntry | None, ...]) -> None:
        """Changes `entries` even if writing fails, so that the next write includes it."""
        self.entries = tuple(entry for entry in entries if entry is not None)
        document = {"version": VERSION, "entries": [asdict(entry) for entry in self.entries]}
        try:
            if self.entries:
                self._system.replace_file(PLACE, json.dumps(document, indent=1) + "\n", 0o644)
            else:
                self._system.remove_file(PLACE)
        except OSError as error:
            raise _unwritable(error) from error


def _unwritable(error: OSError) -> JournalError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return JournalError(PLACE, str(error), f"make room on the file system of {STATE_DIRECTORY}")
    return JournalError(PLACE, str(error))


def _read(system: System) -> tuple[JournalEntry, ...]:
    text = system.text(PLACE)
    if text is None:
        return ()
    try:
        document = json.loads(text)
        if document["version"] != VERSION:
            raise JournalError(PLACE, f"its version is {document['version']}, and we know {VERSION}")
        entries = tuple(JournalEntry(**fields) for fields in document["entries"])
        unknown = {entry.kind for entry in entries} - RESOURCES.keys()
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(PLACE, f"{type(error).__name__}: {error}") from error
    if unknown:
        raise JournalError(PLACE, f"it names unknown kinds: {', '.join(unknown)}")
    return entries


@contextmanager
def opened_journal(system: System) -> Iterator[Journal]:
    """Locked until the end of the block. Raises JournalError."""
    try:
        system.path(STATE_DIRECTORY).mkdir(parents=True, exist_ok=True, mode=0o755)
        lock = system.path(LOCK).open("w")
    except OSError as error:
        raise _unwritable(error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise JournalError(PLACE, "another aeron-dpdk setup is at work") from None
        yield Journal(system)


def has_unfinished_setup(system: System) -> bool:
    return any(not entry.is_done for entry in _read(system))
