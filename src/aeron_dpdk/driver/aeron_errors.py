"""Aeron keeps its errors in a file of its own. We log the first observation of each."""

from logging import Logger, getLogger
from pathlib import Path

from aeron_dpdk.control.rate import NANOSECONDS, Every
from aeron_dpdk.errors.observe import CorruptFileError
from aeron_dpdk.observe.cnc import Cnc

PERIOD_NS = NANOSECONDS
MAX_KNOWN = 256

LOG = getLogger("aeron")


class AeronErrors:
    """A chore of the control loop. Raises NoDriverError if Aeron's files are missing."""

    def __init__(self, directory: Path, log: Logger = LOG) -> None:
        self._cnc = Cnc(directory)
        self._log = log
        self._due = Every(PERIOD_NS)
        self._known: set[str] = set()

    @property
    def due_ns(self) -> int:
        return self._due.due_ns

    def step(self, now_ns: int) -> None:
        if not self._due.is_due(now_ns):
            return
        try:
            for error in self._cnc.errors():
                self._note(error.text)
        except CorruptFileError as error:  # clients may write to it
            self._note(str(error))

    def _note(self, text: str) -> None:
        if text not in self._known and len(self._known) < MAX_KNOWN:
            self._known.add(text)
            self._log.error("%s", text.strip())

    def close(self) -> None:
        self._cnc.close()
