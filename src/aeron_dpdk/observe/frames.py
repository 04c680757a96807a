"""The frames of a running driver, read from memory that it shares during a capture."""

import os
import socket
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from json import dumps, loads
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aeron_dpdk.errors import NotBuiltError
from aeron_dpdk.errors.observe import CaptureRefusedError, NotAnsweringError
from aeron_dpdk.observe.checksums import with_checksums
from aeron_dpdk.observe.pcapng import Direction, Frame
from aeron_dpdk.observe.request import connect

try:
    from aeron_dpdk._native import ffi, lib
except ImportError as error:
    raise NotBuiltError(str(error)) from error

ANSWER_BYTES = 4096

_DIRECTIONS = {
    lib.ADK_DIRECTION_IN: Direction.INBOUND,
    lib.ADK_DIRECTION_OUT: Direction.OUTBOUND,
    lib.ADK_DIRECTION_LOOPBACK: Direction.OUTBOUND,
}


@dataclass(frozen=True, slots=True)
class Captured:
    """`is_loopback`: it was sent to our own address, and never reached the NIC."""

    frame: Frame
    is_loopback: bool


class Capture:
    """The capture begins when this object is made, and ends with the `with` block. Raises NotAnsweringError
    and CaptureRefusedError."""

    def __init__(
        self, aeron_dir: Path, program: bytes, snap_length: int, interface: str | None = None
    ) -> None:
        """`interface` is a name, an address or a device; None is the first interface."""
        self._connection = connect(aeron_dir)
        request = {
            "request": "capture",
            "program": b64encode(program).decode(),
            "snap_length": snap_length,
            "interface": interface,
        }
        try:
            self.interface, self.device, descriptor = self._ask(aeron_dir, request)
            self._reader = lib.adk_capture_reader_open(descriptor)
            os.close(descriptor)
            if self._reader == ffi.NULL:
                raise CaptureRefusedError(str(ffi.string(lib.adk_error_text()).decode(errors="replace")))
        except BaseException:
            self._connection.close()
            raise
        self._connection.setblocking(False)
        self._captured = ffi.new("adk_captured_t *")

    def _ask(self, aeron_dir: Path, request: dict[str, Any]) -> tuple[str, str, int]:
        try:
            self._connection.sendall(dumps(request).encode() + b"\n")
            answer, descriptors, _, _ = socket.recv_fds(self._connection, ANSWER_BYTES, 1)
        except OSError as error:
            raise NotAnsweringError(str(aeron_dir), error.strerror or str(error)) from error
        fields = loads(answer) if answer.endswith(b"\n") else {"error": "the driver hung up"}
        if "error" in fields or not descriptors:
            raise CaptureRefusedError(fields.get("error", "the driver is of another version"))
        return fields["interface"], fields["device"], descriptors[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        lib.adk_capture_reader_close(self._reader)

    def waiting(self) -> Iterator[Captured]:
        """The frames that have been captured and not yet read, oldest first."""
        captured = self._captured
        while lib.adk_capture_reader_next(self._reader, captured):
            data = bytes(ffi.buffer(captured.data, captured.captured_length))
            if captured.needs_checksum and len(data) == captured.frame_length:
                data = with_checksums(data)
            is_loopback = captured.direction == lib.ADK_DIRECTION_LOOPBACK
            direction = _DIRECTIONS.get(captured.direction, Direction.UNKNOWN)
            comment = _comment(captured.reason)
            yield Captured(
                Frame(captured.time_ns, direction, captured.frame_length, data, comment), is_loopback
            )

    def lost(self) -> int:
        """Frames that passed the filter but were not copied, because the buffer was full."""
        return int(lib.adk_capture_reader_lost(self._reader))

    def is_over(self) -> bool:
        """Whether the driver has ended."""
        try:
            return not self._connection.recv(ANSWER_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            return True


def _comment(reason: int) -> str:
    if reason < 0:
        return ""
    return f"dropped: {ffi.string(lib.adk_count_name(reason)).decode()}"
