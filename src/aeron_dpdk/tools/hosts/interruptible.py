"""Work that stays in C for a long time runs on a separate thread: Python handles signals on the main
thread, and only between calls."""

import signal
from collections.abc import Callable
from threading import Thread
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruptible:
    """`was_stopped` distinguishes a requested end from a failure."""

    def __init__(self) -> None:
        self.was_stopped = False
        self._failure: BaseException | None = None
        self._stop: Callable[[], None] = lambda: None

    def stopped_by(self, stop: Callable[[], None]) -> None:
        """From now on `stop()` is called when a signal comes, or has come, to make the work return soon."""
        self._stop = stop
        if self.was_stopped:
            stop()

    def run(self, work: Callable[[], None]) -> None:
        """Raises what `work` raised, unless a signal came first."""
        thread = Thread(target=self._do, args=(work,), name="load")
        before = {number: signal.signal(number, self._on_signal) for number in STOP_SIGNALS}
        try:
            thread.start()
            thread.join()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failure is not None and not self.was_stopped:
            raise self._failure

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # passed on to the thread that waits
            self._failure = error

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.was_stopped = True
        self._stop()
