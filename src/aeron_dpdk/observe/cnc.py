"""A driver's CnC file and its loss report: its counters, its errors, its losses.

Works for any driver of this version of Aeron, ours or the stock one, running or not. The layouts are those of
Aeron's aeron_cnc_file_descriptor.h, aeronc.h, aeron_distinct_error_log.h and aeron_loss_reporter.h; all are
little-endian and packed to 4.
"""

import os
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aeron_dpdk.errors.observe import CorruptFileError, NoDriverError, ObserveError
from aeron_dpdk.observe.section import Section, open_regular

OPEN_TIMEOUT_MS = 500  # a driver that is starting fills in its file within that time
OPEN_RETRY_S = 0.016
SHARED_MEMORY = Path("/dev/shm")
PLACES = ("aeron*", "aeron*/*")  # Aeron's default, and directories below one that several drivers share

CNC_FILE = "cnc.dat"
LOSS_REPORT_FILE = "loss-report.dat"
MAJOR_VERSION = 0  # of 0.2.0; two drivers of one major version have one layout
_METADATA_LENGTH = 128

# Version, lengths of the five buffers, client liveness timeout, start, process id, page size.
_METADATA = struct.Struct("<6i3qi")
_LENGTHS_OFFSET = 4
_RING_TRAILER_LENGTH = 768  # at the end of the to-driver buffer
_RING_HEARTBEAT_OFFSET = 640
_INT64 = struct.Struct("<q")
_INT32 = struct.Struct("<i")

_COUNTER = struct.Struct("<2iq112si")  # state, type id, when it may be reused, key, length of the label
_COUNTER_LENGTH = 512
_MAX_LABEL_LENGTH = _COUNTER_LENGTH - _COUNTER.size
_COUNTER_UNUSED, _COUNTER_ALLOCATED = 0, 1
_COUNTER_VALUE = struct.Struct("<2q")  # value, registration id
_COUNTER_VALUE_LENGTH = 128

_ERROR = struct.Struct("<2i2q")  # length with this header, observations, last and first observation
_ERROR_ALIGNMENT = 8

_LOSS = struct.Struct("<4q2i")  # observations, bytes, first and last observation, session and stream id
_LOSS_ALIGNMENT = 64


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """Times in milliseconds since the epoch."""

    pid: int
    start_ms: int
    heartbeat_ms: int


@dataclass(frozen=True, slots=True)
class AeronCounter:
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
    """The loss in one stream from one source. Times in milliseconds since the epoch."""

    observations: int
    bytes: int
    first_ms: int
    last_ms: int
    session_id: int
    stream_id: int
    channel: str
    source: str


class Cnc:
    """Raises NoDriverError if there is no CnC file, or none that we may read; and CorruptFileError, as all
    its methods do, if the bytes are not Aeron's."""

    def __init__(self, directory: Path, timeout_ms: int = OPEN_TIMEOUT_MS) -> None:
        self.directory = directory
        self._path = str(directory / CNC_FILE)
        deadline = time.monotonic() + timeout_ms / 1000
        while True:
            try:
                self._file = open_regular(Path(self._path))
            except OSError as error:
                raise _no_driver(directory, error) from error
            lack = self._read_layout()
            if lack is None:
                return
            self._file.close()
            if time.monotonic() > deadline:
                raise lack
            time.sleep(OPEN_RETRY_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def _read_layout(self) -> ObserveError | None:
        """What is wrong with the file; perhaps only that its driver has not finished writing it."""
        path = self._path
        metadata = os.pread(self._file.fileno(), _METADATA.size, 0).ljust(_METADATA.size, b"\0")
        version, *self._lengths, _, self._start_ms, self._pid, _ = _METADATA.unpack(metadata)
        if version == 0:
            return NoDriverError(str(self.directory), f"{path} is incomplete", ())
        if version >> 16 != MAJOR_VERSION:
            shown = f"{version >> 16}.{version >> 8 & 255}.{version & 255}"
            return NoDriverError(str(self.directory), f"{path} is of version {shown}", ())
        for index, length in enumerate(self._lengths):
            if length < 0:
                return CorruptFileError(path, _LENGTHS_OFFSET + 4 * index, f"a buffer of {length} bytes")
        length = os.fstat(self._file.fileno()).st_size
        if length < _METADATA_LENGTH + sum(self._lengths):
            return CorruptFileError(path, length, "it ends within its buffers")
        return None

    def _buffer(self, index: int) -> Section:
        start = _METADATA_LENGTH + sum(self._lengths[:index])
        return Section(self._file.fileno(), self._path, start, self._lengths[index])

    def facts(self) -> DriverFacts:
        ring = self._buffer(0)
        (heartbeat_ms,) = ring.unpack(_INT64, ring.length - _RING_TRAILER_LENGTH + _RING_HEARTBEAT_OFFSET)
        return DriverFacts(self._pid, self._start_ms, heartbeat_ms)

    def counters(self) -> tuple[AeronCounter, ...]:
        """In the order of their ids."""
        return tuple(_counters(self._buffer(2), self._buffer(3)))

    def errors(self) -> tuple[DistinctError, ...]:
        """In the order of their first observation."""
        return tuple(_errors(self._buffer(4)))

    def losses(self) -> tuple[Loss, ...]:
        """In the order of their first observation."""
        try:
            path = self.directory / LOSS_REPORT_FILE
            with open_regular(path) as report:
                length = os.fstat(report.fileno()).st_size
                return tuple(_losses(Section(report.fileno(), str(path), 0, length)))
        except OSError as error:
            raise _no_driver(self.directory, error) from error


@dataclass(frozen=True, slots=True)
class DriverSign:
    """What a driver writes to cnc.dat: its process id in its own namespace, and its last heartbeat in
    milliseconds since the epoch."""

    pid: int
    heartbeat_ms: int


def read_driver_sign(directory: Path) -> DriverSign | None:
    """None if there is no cnc.dat, or if it is unfinished, or if we may not read it."""
    try:
        with open_regular(directory / CNC_FILE) as file:
            version, to_driver_length, *_, pid, _ = _METADATA.unpack(file.read(_METADATA.size))
            file.seek(_METADATA_LENGTH + to_driver_length - _RING_TRAILER_LENGTH + _RING_HEARTBEAT_OFFSET)
            (heartbeat_ms,) = _INT64.unpack(file.read(_INT64.size))
    except (OSError, struct.error):
        return None
    return DriverSign(pid, heartbeat_ms) if version != 0 else None


def unfinished_by(directory: Path) -> int | None:
    """The process id in a cnc.dat that its driver has not declared ready; 0 if the driver has not written one
    yet; None if there is no such file. Aeron writes the version last."""
    try:
        with open_regular(directory / CNC_FILE) as file:
            metadata = file.read(_METADATA.size).ljust(_METADATA.size, b"\0")
    except OSError:
        return None
    version, *_, pid, _ = _METADATA.unpack(metadata)
    return int(pid) if version == 0 else None


def _counters(metadata: Section, values: Section) -> Iterator[AeronCounter]:
    for id_ in range(metadata.length // _COUNTER_LENGTH):
        at = id_ * _COUNTER_LENGTH
        state, type_id, _, key, label_length = _COUNTER.unpack(metadata.bytes_at(at, _COUNTER.size))
        if state == _COUNTER_UNUSED:
            return
        if state != _COUNTER_ALLOCATED:
            continue
        if label_length > _MAX_LABEL_LENGTH:
            raise metadata.corrupt(at, f"a label of {label_length} bytes")
        label = metadata.line(at + _COUNTER.size, label_length)
        value, registration_id = values.unpack(_COUNTER_VALUE, id_ * _COUNTER_VALUE_LENGTH)
        yield AeronCounter(id_, type_id, value, label, key, registration_id)


def _errors(log: Section) -> Iterator[DistinctError]:
    at = 0
    while log.has(at, _ERROR.size):
        length, observations, last_ms, first_ms = log.unpack(_ERROR, at)
        if length == 0:
            return
        text = log.lines(at + _ERROR.size, length - _ERROR.size)
        yield DistinctError(observations, first_ms, last_ms, text)
        at += _aligned(length, _ERROR_ALIGNMENT)


def _losses(report: Section) -> Iterator[Loss]:
    """Steps over the entries by the length that Aeron writes; Aeron's own C reader takes some entries for
    shorter."""
    at = 0
    while report.has(at, _LOSS.size):
        observations, lost_bytes, first_ms, last_ms, session_id, stream_id = report.unpack(_LOSS, at)
        if observations <= 0:
            return
        channel, source_at = _text_with_length(report, at + _LOSS.size)
        source, end = _text_with_length(report, _aligned(source_at, _INT32.size))
        yield Loss(observations, lost_bytes, first_ms, last_ms, session_id, stream_id, channel, source)
        at = _aligned(end, _LOSS_ALIGNMENT)


def _text_with_length(section: Section, at: int) -> tuple[str, int]:
    """The text, which follows its length, and the offset of its end."""
    (length,) = section.unpack(_INT32, at)
    start = at + _INT32.size
    return section.line(start, length), start + length


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def _no_driver(directory: Path, error: OSError) -> NoDriverError:
    reason = f"{error.filename}: {error.strerror}"
    return NoDriverError(str(directory), reason, _other_directories(directory))


def _other_directories(directory: Path) -> tuple[str, ...]:
    found = (path.parent for place in PLACES for path in SHARED_MEMORY.glob(f"{place}/{CNC_FILE}"))
    return tuple(sorted(str(path) for path in found if path != directory))
