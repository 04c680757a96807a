"""The load generator of native/load with types, and the thread that lives in it."""

from threading import RLock, Thread
from typing import Any

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors import LoadError
from aeron_dpdk.native import Driver, aeron_version, dpdk_version
from aeron_dpdk.tools.histogram import Histogram
from aeron_dpdk.tools.load import LoadJob, LoadReport, Role, Throughput

# A stream of its own for each phase: the driver lingers over the previous one.
ECHO_STREAM_ID = 1001
THROUGHPUT_STREAM_ID = 1002


def _error_text() -> str:
    """What went wrong in this thread's last failing call."""
    return " ".join(str(ffi.string(lib.adk_error_text()).decode(errors="replace")).split())


class LoadThread(Thread):
    """Runs a driver that nobody has started, its client and both phases of the job, on one core."""

    def __init__(self, driver: Driver, job: LoadJob) -> None:
        super().__init__(name="load")
        self._driver = driver
        self._job = job
        self._load = ffi.NULL
        # Not a Lock: a second signal may come while the first one's handler holds it.
        self._load_lock = RLock()
        self._is_stopping = False
        self._report: LoadReport | None = None
        self._error: BaseException | None = None

    def stop(self) -> None:
        """From any thread: the phase that runs fails at once, and report() raises."""
        self._is_stopping = True
        with self._load_lock:
            if self._load != ffi.NULL:
                lib.adk_load_stop(self._load)

    def report(self) -> LoadReport:
        """What was measured, after join(). Raises LoadError when a phase failed."""
        if self._error is not None:
            raise self._error
        if self._report is None:
            raise LoadError(self._job.role, "it was never run")
        return self._report

    def run(self) -> None:
        try:
            self._report = self._measure()
        except BaseException as error:  # handed to the thread that asks for the report
            self._error = error

    def _measure(self) -> LoadReport:
        load = self._checked(lib.adk_load_open(self._driver.pointer, self._job.cpu))
        self._load = load
        try:
            if self._is_stopping:
                lib.adk_load_stop(load)
            client = self._job.role is Role.CLIENT
            echo = lib.adk_load_echo_client if client else lib.adk_load_echo_server
            self._run(echo, ECHO_STREAM_ID, publishes=True, subscribes=True)
            round_trips = self._histogram() if client else None
            phase = lib.adk_load_publish if client else lib.adk_load_subscribe
            moved = self._run(phase, THROUGHPUT_STREAM_ID, publishes=client, subscribes=not client)
        finally:
            with self._load_lock:
                self._load = ffi.NULL
            lib.adk_load_close(load)
        throughput = None if client else Throughput(moved.messages, moved.bytes, moved.elapsed_ns)
        return LoadReport(aeron_version(), dpdk_version(), round_trips, throughput)

    def _run(self, function: Any, stream_id: int, *, publishes: bool, subscribes: bool) -> Any:
        job, client = self._job, self._job.role is Role.CLIENT
        forward = ffi.new("char[]", job.forward_channel.encode())
        backward = ffi.new("char[]", job.backward_channel.encode())
        phase = ffi.new(
            "adk_load_phase_t *",
            {
                "out_channel": (forward if client else backward) if publishes else ffi.NULL,
                "in_channel": (backward if client else forward) if subscribes else ffi.NULL,
                "stream_id": stream_id,
                "message_length": job.message_length,
                "warmup_ns": job.warmup_ns,
                "duration_ns": job.duration_ns,
            },
        )
        result = ffi.new("adk_load_result_t *")
        if function(self._load, phase, result) < 0:
            raise LoadError(job.role, _error_text())
        return result

    def _histogram(self) -> Histogram:
        indices = range(lib.adk_load_histogram_length())
        counts = ((index, lib.adk_load_histogram_count(self._load, index)) for index in indices)
        buckets = tuple((lib.adk_load_histogram_value_ns(index), count) for index, count in counts if count)
        return Histogram(buckets, lib.adk_load_histogram_max_ns(self._load))

    def _checked(self, load: Any) -> Any:
        if load == ffi.NULL:
            raise LoadError(self._job.role, _error_text())
        return load
