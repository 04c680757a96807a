"""A typed interface to the load generator of native/load, and the thread that runs it."""

import os
from dataclasses import dataclass
from threading import RLock, Thread
from typing import Any, Protocol

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.native import Driver, aeron_version, dpdk_version
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import (
    LoadJob,
    LoadReport,
    Phase,
    PhaseKind,
    PhaseReport,
    Role,
    Throughput,
)

# A separate stream for each phase: the driver still lingers over the previous one.
FIRST_STREAM_ID = 1001


def error_text() -> str:
    """The error of this thread's last failed call."""
    return " ".join(str(ffi.string(lib.adk_error_text()).decode(errors="replace")).split())


class Generator(Protocol):
    """One side of native/load's two families of functions."""

    def open(self, cpu: int) -> Any:
        """The object that the functions work on, or NULL; it belongs to the calling thread from then on."""

    def stop(self, opened: Any) -> None: ...

    def close(self, opened: Any) -> None: ...

    def function(self, role: Role, kind: PhaseKind) -> Any: ...


def aeron_function(role: Role, kind: PhaseKind) -> Any:
    if role is Role.CLIENT:
        return lib.adk_load_echo_client if kind is PhaseKind.ECHO else lib.adk_load_publish
    return lib.adk_load_echo_server if kind is PhaseKind.ECHO else lib.adk_load_subscribe


def floor_function(role: Role, kind: PhaseKind) -> Any:
    if role is Role.CLIENT:
        return lib.adk_floor_echo_client if kind is PhaseKind.ECHO else lib.adk_floor_send
    return lib.adk_floor_echo_server if kind is PhaseKind.ECHO else lib.adk_floor_receive


@dataclass(frozen=True, slots=True)
class AeronGenerator:
    """Over a driver that has not been started."""

    driver: Driver

    def open(self, cpu: int) -> Any:
        return lib.adk_load_open(self.driver.pointer, cpu)

    def stop(self, opened: Any) -> None:
        lib.adk_load_stop(opened)

    def close(self, opened: Any) -> None:
        lib.adk_load_close(opened)

    def function(self, role: Role, kind: PhaseKind) -> Any:
        return aeron_function(role, kind)


class LoadThread(Thread):
    """Runs all phases of the job, on one core. `end_descriptor` becomes readable when it has finished."""

    def __init__(self, generator: Generator, job: LoadJob) -> None:
        super().__init__(name="load")
        self.end_descriptor, self._end = os.pipe2(os.O_CLOEXEC)
        self._generator = generator
        self._job = job
        self._opened = ffi.NULL
        # Not a Lock: a second signal may arrive while the handler of the first one holds it.
        self._opened_lock = RLock()
        self._is_stopping = False
        self._report: LoadReport | None = None
        self._error: BaseException | None = None

    def stop(self) -> None:
        """From any thread: the running phase fails at once, and report() raises."""
        self._is_stopping = True
        with self._opened_lock:
            if self._opened != ffi.NULL:
                self._generator.stop(self._opened)

    def report(self) -> LoadReport:
        """The results, after join(). Raises LoadError when a phase failed."""
        if self._error is not None:
            raise self._error
        if self._report is None:
            raise LoadError(self._job.role, "it was never run")
        return self._report

    def run(self) -> None:
        try:
            self._report = self._measure()
        except BaseException as error:  # passed on to the thread that asks for the report
            self._error = error
        finally:
            os.close(self._end)

    def _measure(self) -> LoadReport:
        opened = self._generator.open(self._job.cpu)
        if opened == ffi.NULL:
            raise LoadError(self._job.role, error_text())
        self._opened = opened
        try:
            if self._is_stopping:
                self._generator.stop(opened)
            phases = tuple(self._run(index) for index in range(len(self._job.phases)))
        finally:
            with self._opened_lock:
                self._opened = ffi.NULL
            self._generator.close(opened)
        return LoadReport(aeron_version(), dpdk_version(), phases)

    def _run(self, index: int) -> PhaseReport:
        job, phase = self._job, self._job.phases[index]
        order = PhaseOrder(
            job.role,
            phase,
            job.forward_channel,
            job.backward_channel,
            FIRST_STREAM_ID + index,
            job.warmup_ns,
            job.duration_ns,
        )
        return run_order(self._generator.function(job.role, phase.kind), self._opened, order)


@dataclass(frozen=True, slots=True)
class PhaseOrder:
    """One side of one phase. Forward carries what the client sends, backward the echoes."""

    role: Role
    phase: Phase
    forward_channel: str
    backward_channel: str
    stream_id: int
    warmup_ns: int
    duration_ns: int


def run_order(function: Any, opened: Any, order: PhaseOrder) -> PhaseReport:
    """Calls one of a generator's functions on the object it opened. Raises LoadError."""
    is_client, is_echo = order.role is Role.CLIENT, order.phase.kind is PhaseKind.ECHO
    forward = ffi.new("char[]", order.forward_channel.encode())
    backward = ffi.new("char[]", order.backward_channel.encode())
    c_phase = ffi.new(
        "adk_load_phase_t *",
        {
            "out_channel": (forward if is_client else backward) if is_echo or is_client else ffi.NULL,
            "in_channel": (backward if is_client else forward) if is_echo or not is_client else ffi.NULL,
            "stream_id": order.stream_id,
            "message_length": order.phase.message_length,
            "rate": order.phase.rate,
            "warmup_ns": order.warmup_ns,
            "duration_ns": order.duration_ns,
        },
    )
    result = ffi.new("adk_load_result_t *")
    if not (is_client and is_echo):
        if function(opened, c_phase, result) < 0:
            raise LoadError(order.role, error_text())
        return _phase_report(result, None)
    with_histogram = NativeHistogram()
    if function(opened, c_phase, result, with_histogram.pointer) < 0:
        raise LoadError(order.role, error_text())
    return _phase_report(result, with_histogram.read())


class NativeHistogram:
    """An adk_histogram_t, freed with this object."""

    def __init__(self) -> None:
        self.pointer = ffi.gc(lib.adk_histogram_create(), lib.adk_histogram_free)

    def read(self) -> Histogram:
        counts = (
            (index, lib.adk_histogram_count(self.pointer, index))
            for index in range(lib.adk_histogram_length())
        )
        buckets = tuple((lib.adk_histogram_value_ns(index), count) for index, count in counts if count)
        return Histogram(buckets, lib.adk_histogram_max_ns(self.pointer))


def _phase_report(result: Any, round_trips: Histogram | None) -> PhaseReport:
    return PhaseReport(
        round_trips,
        Throughput(result.messages, result.bytes, result.elapsed_ns),
        result.lost,
        result.retransmits,
        result.naks,
    )
