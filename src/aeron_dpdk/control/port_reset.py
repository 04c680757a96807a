"""Restarting a port whose device asked for it: RTE_ETH_EVENT_INTR_RESET, sent by ENA's watchdog."""

from collections.abc import Callable
from enum import Enum

from aeron_dpdk.control.data_plane import DataPlane
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS

FIRST_RETRY_NS = NANOSECONDS
LAST_RETRY_NS = 30 * NANOSECONDS


class ResetProgress(Enum):
    IDLE = "idle"
    BEGUN = "begun"
    RUNNING = "running"
    DONE = "done"
    WAITING = "waiting"  # an attempt failed, and the next one is not due yet


class PortReset:
    """Steps a restart to its end; retries a failed one, at growing intervals. step() raises what
    DataPlane.reset_step() raised."""

    def __init__(self, data_plane: DataPlane) -> None:
        self._data_plane = data_plane
        self._is_running = False
        self._retry_ns: int | None = None
        self._gap_ns = FIRST_RETRY_NS

    @property
    def due_ns(self) -> int:
        """When step() must be called, unless a request comes first."""
        if self._is_running:
            return 0
        return NEVER_NS if self._retry_ns is None else self._retry_ns

    def step(self, now_ns: int) -> ResetProgress:
        if self._is_running:
            return self._continue(now_ns)
        if self._retry_ns is not None:
            if now_ns < self._retry_ns:
                return ResetProgress.WAITING
            self._data_plane.request_reset()
        elif not self._data_plane.reset_requested():
            return ResetProgress.IDLE
        self._retry_ns = None
        self._is_running = True
        return ResetProgress.BEGUN

    def _continue(self, now_ns: int) -> ResetProgress:
        try:
            self._is_running = self._data_plane.reset_step()
        except Exception:
            self._is_running = False
            self._retry_ns = now_ns + self._gap_ns
            self._gap_ns = min(2 * self._gap_ns, LAST_RETRY_NS)
            raise
        if self._is_running:
            return ResetProgress.RUNNING
        self._gap_ns = FIRST_RETRY_NS
        return ResetProgress.DONE


class SharedPortReset:
    """For an interface that shares a port: what it sees of restarts by the interface that owns it."""

    due_ns = NEVER_NS

    def __init__(self, is_usable: Callable[[], bool]) -> None:
        self._is_usable = is_usable
        self._was_usable = True

    def step(self, now_ns: int) -> ResetProgress:  # noqa: ARG002 - as PortReset's
        was_usable, self._was_usable = self._was_usable, self._is_usable()
        if not self._was_usable:
            return ResetProgress.RUNNING
        return ResetProgress.IDLE if was_usable else ResetProgress.DONE
