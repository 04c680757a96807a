"""The only way out for the process's log lines: ours, DPDK's, and what Aeron and others write to stderr.

Nobody who logs waits for a reader of the log. A line goes into a queue, and a thread writes it; if the queue
is full, the line is lost. DPDK's log and C's stderr go into a pipe that another thread keeps empty. So a
stopped terminal, or a log collector that hangs, stops neither the control loop nor a PMD.
"""

import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Iterable
from logging.handlers import QueueHandler
from typing import Protocol, Self

from aeron_dpdk.driver.linux import name_thread
from aeron_dpdk.driver.log_lines import MAX_LINE_LENGTH, LogFormat, Throttle, formatter_for, line_of_c

QUEUE_LENGTH = 4096
READ_BYTES = 1 << 16
STDERR = 2

LOG = logging.getLogger("aeron_dpdk.driver")


class CLogPart(Protocol):
    """What the native half does for it."""

    def log_to(self, descriptor: int) -> None:
        """Sends DPDK's lines there, with their priority in front; -1: back to stderr."""

    def drain_on_crash(self, source: int, target: int) -> None:
        """If the process crashes, what is left in the pipe `source` is copied to `target`; -1 ends that."""


class LossyQueueHandler(QueueHandler):
    """Drops and counts lines if the queue is full."""

    lost = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.lost += 1


class Relay(threading.Thread):
    """Turns the lines in a pipe into log records, until its other end is closed."""

    def __init__(self, source: int) -> None:
        super().__init__(name="log relay", daemon=True)
        self._source = source

    def run(self) -> None:
        name_thread(self.name)
        rest = b""
        while received := os.read(self._source, READ_BYTES):
            *lines, rest = (rest + received).split(b"\n")
            for line in lines:
                self._log(line)
            if len(rest) > MAX_LINE_LENGTH:
                self._log(rest)
                rest = b""
        if rest:
            self._log(rest)

    def _log(self, line: bytes) -> None:
        name, level, message = line_of_c(line[:MAX_LINE_LENGTH].decode(errors="replace").rstrip())
        if message:
            logging.getLogger(name).log(level, "%s", message)


class Writer(threading.Thread):
    """Writes what is in the queue, up to a None."""

    def __init__(self, records: "queue.Queue[logging.LogRecord | None]", handler: logging.Handler) -> None:
        super().__init__(name="log writer", daemon=True)
        self._records = records
        self._handler = handler

    def run(self) -> None:
        name_thread(self.name)
        while (record := self._records.get()) is not None:
            self._handler.handle(record)


class Logs:
    """Within `with`, stderr is redirected to us."""

    def __init__(self, log_format: LogFormat, c_log: CLogPart) -> None:
        self._c_log = c_log
        self._last_words = ""
        self._output = os.fdopen(os.dup(STDERR), "w", buffering=1, errors="replace")
        self._queue: queue.Queue[logging.LogRecord | None] = queue.Queue(QUEUE_LENGTH)
        self._handler = LossyQueueHandler(self._queue)
        self._handler.addFilter(Throttle(time.monotonic_ns))
        writer = logging.StreamHandler(self._output)
        writer.setFormatter(formatter_for(log_format))
        self._writer = Writer(self._queue, writer)

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _open(self) -> None:
        sys.stderr.flush()
        reader, writer = os.pipe()
        self._relay = Relay(reader)
        self._reader = reader
        self._relay.start()
        self._writer.start()
        os.dup2(writer, STDERR)
        os.close(writer)
        self._c_log.log_to(STDERR)
        self._c_log.drain_on_crash(reader, self._output.fileno())
        self._before = (logging.root.handlers[:], logging.root.level)
        logging.root.handlers[:] = [self._handler]
        logging.root.setLevel(logging.INFO)

    def end_with(self, text: str) -> None:
        """Logs a critical line after all others, including what C has written before."""
        self._last_words = text

    def stay_on(self, cpus: Iterable[int]) -> None:
        """Keeps the two threads away from the data path's cores."""
        for thread in (self._relay, self._writer):
            if thread.native_id is not None:
                os.sched_setaffinity(thread.native_id, cpus)

    def _close(self) -> None:
        """Returns once every line that was logged before has been written."""
        self._c_log.log_to(-1)
        sys.stderr.flush()
        self._c_log.drain_on_crash(-1, -1)
        os.dup2(self._output.fileno(), STDERR)
        self._relay.join()
        os.close(self._reader)
        if self._last_words:
            LOG.critical("%s", self._last_words)
        if self._handler.lost:
            LOG.warning("%d log lines were lost, because nobody read them in time", self._handler.lost)
        self._queue.put(None)
        self._writer.join()
        logging.root.handlers[:], level = self._before
        logging.root.setLevel(level)
        self._output.close()
