"""A round: one path measured once, by two fresh processes that end with the round."""

import select
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.measure.conditions import Conditions, command, environment, job_of
from aeron_dpdk.tools.measure.job import LoadJob, LoadReport, Phase, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath

READY_TIMEOUT_S = 20.0
# native/load gives up after 10 s without progress, so this only catches processes that hang for good.
ROUND_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
ERROR_LINES = 6


@dataclass(frozen=True, slots=True)
class Round:
    """One path measured once."""

    server: LoadReport
    client: LoadReport


@contextmanager
def unwatched(_processes: list[int]) -> Iterator[None]:
    yield


@contextmanager
def shared_memory_directory() -> Iterator[Path]:
    """A private directory for Aeron's files and the memif socket; removed afterwards, whatever happened."""
    directory = Path(tempfile.mkdtemp(prefix="aeron-dpdk-measure-", dir="/dev/shm"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def end_process(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """Sends SIGTERM, and SIGKILL to a process that has not ended in time.

    A KeyboardInterrupt in the middle of Popen.poll() may leave Popen's lock held, and a wait() without a
    time-out would then never return.
    """
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)


class LoadProcess:
    """A load process; its report and its standard error are files of the round's directory."""

    def __init__(self, path: MeasuredPath, job: LoadJob, directory: Path, conditions: Conditions) -> None:
        self.role = job.role
        self._report = directory / f"{job.role}.json"
        self._errors = directory / f"{job.role}.log"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                command(path, job, self._report),
                env=environment(directory, job.role, conditions),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for our parent, which stops its processes itself
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def await_word(self, word: str, timeout_s: float) -> None:
        """Raises LoadError when the process ended, or did not print `word` in time."""
        readable, _, _ = select.select([self.output], [], [], timeout_s)
        if not readable:
            raise LoadError(self.role, f"it was not {word} in time")
        if self.output.readline() != f"{word}\n".encode():
            raise self._failure(self._process.wait(STOP_TIMEOUT_S))

    def release(self) -> LoadReport:
        """Lets a process that is done close its driver. Raises LoadError if it does not end successfully."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if (code := self._process.wait(STOP_TIMEOUT_S)) != 0:
            raise self._failure(code)
        return LoadReport.from_json(self._report.read_text())

    def stop(self) -> None:
        """Ends the process if it still runs."""
        if self._process.poll() is None:
            end_process(self._process, STOP_TIMEOUT_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _failure(self, code: int) -> LoadError:
        lines = self._errors.read_text(errors="replace").splitlines()
        return LoadError(self.role, " / ".join([*lines[-ERROR_LINES:], f"exit code {code}"]))


def await_done(processes: list[LoadProcess], timeout_s: float) -> None:
    """Raises LoadError for the first that fails: the other one would only wait for a peer that has gone."""
    waiting = {process.output: process for process in processes}
    while waiting:
        readable, _, _ = select.select(list(waiting), [], [], timeout_s)
        for output in readable or list(waiting):
            waiting.pop(output).await_word("done", 0)


def run_round(
    path: MeasuredPath,
    phases: tuple[Phase, ...],
    conditions: Conditions,
    watch: Callable[[list[int]], AbstractContextManager[None]] = unwatched,
) -> Round:
    """Raises LoadError; leaves neither process nor file behind. `watch` gets the ids of both processes,
    server first, when they are ready; its context encloses the rest of their work.
    """
    timeout_s = ROUND_TIMEOUT_S + len(phases) * conditions.duration_ns / 1e9
    with shared_memory_directory() as directory:
        processes: list[LoadProcess] = []
        try:
            for role in (Role.SERVER, Role.CLIENT):
                job = job_of(path, role, phases, conditions, directory)
                processes.append(LoadProcess(path, job, directory, conditions))
                processes[-1].await_word("ready", READY_TIMEOUT_S)
            with watch([process.pid for process in processes]):
                await_done(processes, timeout_s)
            server, client = (process.release() for process in processes)
        finally:
            for process in processes:
                process.stop()
    return Round(server, client)
