"""A driver's CnC file, read-only, through Aeron's C API: its counters, its errors, its losses.

Works for any driver of this Aeron's version, ours or the stock one, alive or dead.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aeron_dpdk.errors import NotBuiltError
from aeron_dpdk.observe.errors import NoDriverError
from aeron_dpdk.observe.regular_file import open_regular

try:
    from aeron_dpdk._native import ffi, lib
except ImportError as error:
    raise NotBuiltError(str(error)) from error

OPEN_TIMEOUT_MS = 500  # a driver that is just starting fills its file within that time
SHARED_MEMORY = Path("/dev/shm")
PLACES = ("aeron*", "aeron*/*")  # the default, and drivers that share a directory


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """Times in milliseconds since the epoch."""

    pid: int
    start_ms: int
    heartbeat_ms: int


@dataclass(frozen=True, slots=True)
class Counter:
    """`type_id` as in Aeron's aeron_counters.h; what `key` means depends on it."""

    id: int
    type_id: int
    value: int
    label: str
    key: bytes
    registration_id: int


@dataclass(frozen=True, slots=True)
class DistinctError:
    """Times in milliseconds since the epoch."""

    observations: int
    first_ms: int
    last_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one stream from one source. Times in milliseconds since the epoch."""

    observations: int
    bytes: int
    first_ms: int
    last_ms: int
    session_id: int
    stream_id: int
    channel: str
    source: str


class Cnc:
    """Raises NoDriverError where there is no CnC file, or none that we may read."""

    def __init__(self, directory: Path, timeout_ms: int = OPEN_TIMEOUT_MS) -> None:
        self.directory = directory
        _refuse_unreadable(directory)
        pointer = lib.adk_cnc_open(os.fsencode(directory), timeout_ms)
        if pointer == ffi.NULL:
            raise NoDriverError(str(directory), _error_text(), ())
        self._pointer = pointer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        lib.adk_cnc_close(self._pointer)

    def facts(self) -> DriverFacts:
        facts = ffi.new("adk_cnc_facts_t *")
        if lib.adk_cnc_facts(self._pointer, facts) < 0:
            raise NoDriverError(str(self.directory), _error_text(), ())
        return DriverFacts(facts.pid, facts.start_ms, facts.heartbeat_ms)

    def counters(self) -> tuple[Counter, ...]:
        """In the order of their ids."""
        return tuple(
            Counter(
                entry.id,
                entry.type_id,
                entry.value,
                bytes(ffi.buffer(entry.label, entry.label_length)).decode(errors="replace"),
                bytes(entry.key),
                entry.registration_id,
            )
            for entry in self._entries(lib.adk_cnc_read_counters, "adk_cnc_counter_t")
        )

    def errors(self) -> tuple[DistinctError, ...]:
        """In the order of their first observation."""
        return tuple(
            DistinctError(entry.observations, entry.first_ms, entry.last_ms, _text(entry.text))
            for entry in self._entries(lib.adk_cnc_read_errors, "adk_cnc_error_t")
        )

    def losses(self) -> tuple[Loss, ...]:
        """In the order of their first observation."""
        return tuple(
            Loss(
                entry.observations,
                entry.bytes,
                entry.first_ms,
                entry.last_ms,
                entry.session_id,
                entry.stream_id,
                _text(entry.channel),
                _text(entry.source),
            )
            for entry in self._entries(lib.adk_cnc_read_losses, "adk_cnc_loss_t")
        )

    def _entries(self, read: Any, entry_type: str) -> Iterator[Any]:
        first = ffi.new(f"const {entry_type} **")
        length = read(self._pointer, first)
        if length < 0:
            raise NoDriverError(str(self.directory), _error_text(), ())
        return (first[0][index] for index in range(length))


def _refuse_unreadable(directory: Path) -> None:
    """Aeron's own complaint would be a time-out, whatever the reason."""
    try:
        with open_regular(directory / "cnc.dat"):
            return
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}"
    raise NoDriverError(str(directory), reason, _other_directories(directory))


def _other_directories(directory: Path) -> tuple[str, ...]:
    found = (path.parent for place in PLACES for path in SHARED_MEMORY.glob(f"{place}/cnc.dat"))
    return tuple(sorted(str(path) for path in found if path != directory))


def _text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode(errors="replace"))


def _error_text() -> str:
    return " ".join(_text(lib.adk_error_text()).split())
