"""A client of a running driver, ours or any other, and the load that it generates."""

from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.hosts.measure import FOR_EVER_NS
from aeron_dpdk.tools.hosts.request import Place, Request
from aeron_dpdk.tools.measure.job import PhaseReport, Role
from aeron_dpdk.tools.measure.load_thread import PhaseOrder, aeron_function, error_text, run_order

TEXT_BYTES = 1025  # ADK_LOAD_TEXT_MAX of native/load/load.h, plus the terminator


class AeronLink:
    """Except for stop(), only for the thread that opened it. Raises LoadError when it cannot go on."""

    def __init__(self, aeron_dir: Path, role: Role) -> None:
        self._role = role
        self._lock = Lock()
        self._directory = ffi.new("char[]", str(aeron_dir).encode())
        self._load = lib.adk_load_connect(self._directory, -1)
        if self._load == ffi.NULL:
            raise LoadError(role, error_text())
        self._text = ffi.new("char[]", TEXT_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            load, self._load = self._load, ffi.NULL
        lib.adk_load_close(load)

    def stop(self) -> None:
        """Any thread: the running call, and all later ones, fail at once."""
        with self._lock:
            if self._load != ffi.NULL:
                lib.adk_load_stop(self._load)

    def say(self, to: Place, stream_id: int, text: str) -> None:
        if lib.adk_load_say(self._load, to.channel.encode(), stream_id, text.encode()) < 0:
            raise LoadError(self._role, error_text())

    def hear(self, at: Place, stream_id: int, timeout_ns: int = FOR_EVER_NS) -> str:
        channel = at.channel.encode()
        length = lib.adk_load_hear(self._load, channel, stream_id, self._text, TEXT_BYTES, timeout_ns)
        if length < 0:
            raise LoadError(self._role, error_text())
        return str(ffi.buffer(self._text, length)[:].decode(errors="replace"))

    def run(self, request: Request, pong: Place) -> PhaseReport:
        """Runs this side of the measurement."""
        order = PhaseOrder(
            self._role,
            request.phase,
            pong.channel,
            request.reply_to.channel,
            request.stream_id,
            request.warmup_ns,
            request.duration_ns,
        )
        return run_order(aeron_function(self._role, request.phase.kind), self._load, order)
