"""A media driver inside another Python program.

with MediaDriver(settings) as driver:
        connect_clients_to(driver.aeron_directory)

DPDK's main lcore must be the same thread from beginning to end. So the driver has a thread of its own, from
EAL to clean-up, and does not need any of the program's. DPDK can be started only once in a process, and so
can a MediaDriver. If `user` is set, the whole process becomes that user.
"""

import os
import threading
from types import TracebackType
from typing import Self

from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.driver.start_up import Ready, serve
from aeron_dpdk.seam import Parts


class MediaDriver:
    """Runs from `__enter__` to `__exit__`; both raise the AeronDpdkError that ended it early, if one did."""

    def __init__(self, settings: Settings, parts: Parts | None = None) -> None:
        """`parts` None means the real ones."""
        self._settings = settings
        self._parts = parts
        self._thread = threading.Thread(target=self._run, name="aeronmd_dpdk")
        self._stop = threading.Event()
        self._ready_or_ended = threading.Event()
        self._ready: Ready | None = None
        self._failure: BaseException | None = None

    def _run(self) -> None:
        try:
            parts = self._parts or _real_parts()
            serve(
                self._settings,
                parts,
                self._stop.is_set,
                self._on_ready,
                stop_descriptor=self._stop_reader,
                owns_process=False,
            )
        except BaseException as error:
            self._failure = error
        finally:
            self._ready_or_ended.set()

    def _on_ready(self, ready: Ready) -> None:
        self._ready = ready
        self._ready_or_ended.set()

    def __enter__(self) -> Self:
        self._stop_reader, self._stop_writer = os.pipe2(os.O_CLOEXEC)
        self._thread.start()
        try:
            self._ready_or_ended.wait()
        except BaseException:  # a KeyboardInterrupt must not leave the driver behind
            self._end()
            raise
        if self._failure is not None:
            self._end()
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        if self._failure is not None and error is None:
            raise self._failure

    def _end(self) -> None:
        self._stop.set()
        os.close(self._stop_writer)
        self._thread.join()
        os.close(self._stop_reader)

    @property
    def ready(self) -> Ready:
        """The facts of the running driver."""
        if self._ready is None:
            raise RuntimeError("the media driver is not started: use it in a with statement")
        return self._ready

    @property
    def aeron_directory(self) -> str:
        return self.ready.aeron_directory

    def join(self) -> None:
        """Waits until an Aeron client terminates the driver or it fails."""
        self._thread.join()

    def is_running(self) -> bool:
        """False once an Aeron client has terminated it or it has failed."""
        return self._thread.is_alive()


def _real_parts() -> Parts:
    from aeron_dpdk.native import PARTS  # noqa: PLC0415 - settings and tests are good without the native half

    return PARTS
