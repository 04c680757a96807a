"""Rounds of both paths in turn, each by two fresh processes that are gone when it is over."""

import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aeron_dpdk.errors import LoadError
from aeron_dpdk.tools.demo_paths import Measurement, aeron_environment, dpdk_job, kernel_job
from aeron_dpdk.tools.histogram import Histogram
from aeron_dpdk.tools.load import LoadJob, LoadReport, Role, Throughput

READY_TIMEOUT_S = 20.0
# native/load gives up after 10 s without progress, so this only catches what hangs for good.
ROUND_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
ERROR_LINES = 6


@dataclass(frozen=True, slots=True)
class Round:
    """One path measured once."""

    round_trips: Histogram
    throughput: Throughput
    aeron_version: str
    dpdk_version: str


@contextmanager
def shared_memory_directory() -> Iterator[Path]:
    """A private directory for Aeron's files and the memif socket; gone afterwards, whatever happened."""
    directory = Path(tempfile.mkdtemp(prefix="aeron-dpdk-demo-", dir="/dev/shm"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class LoadProcess:
    """A load process; its report and its standard error are files of the round's directory."""

    def __init__(self, job: LoadJob, directory: Path) -> None:
        self.role = job.role
        self._report = directory / f"{job.role}.json"
        self._errors = directory / f"{job.role}.log"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "aeron_dpdk.tools.load_process", job.to_json(), str(self._report)],
                env=aeron_environment(directory, job.role),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C is for the demo, which stops its processes itself
            )

    @property
    def output(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout

    def await_word(self, word: str, timeout_s: float) -> None:
        """Raises LoadError when the process ended, or did not say `word` in time."""
        readable, _, _ = select.select([self.output], [], [], timeout_s)
        if not readable:
            raise LoadError(self.role, f"it was not {word} in time")
        if self.output.readline() != f"{word}\n".encode():
            raise self._failure(self._process.wait(STOP_TIMEOUT_S))

    def release(self) -> LoadReport:
        """Lets a process that is done close its driver. Raises LoadError when it does not end well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        if (code := self._process.wait(STOP_TIMEOUT_S)) != 0:
            raise self._failure(code)
        return LoadReport.from_json(self._report.read_text())

    def stop(self) -> None:
        """Ends the process if it still runs."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def _failure(self, code: int) -> LoadError:
        lines = self._errors.read_text(errors="replace").splitlines()
        return LoadError(self.role, " / ".join([*lines[-ERROR_LINES:], f"exit code {code}"]))


def await_done(processes: list[LoadProcess]) -> None:
    """Raises LoadError for the first that fails: the other one then only waits in vain for its peer."""
    waiting = {process.output: process for process in processes}
    while waiting:
        readable, _, _ = select.select(list(waiting), [], [], ROUND_TIMEOUT_S)
        for output in readable or list(waiting):
            waiting.pop(output).await_word("done", 0)


def run_round(job: Callable[[Role, Path], LoadJob]) -> Round:
    """Raises LoadError; leaves neither process nor file behind."""
    with shared_memory_directory() as directory:
        processes: list[LoadProcess] = []
        try:
            for role in (Role.SERVER, Role.CLIENT):
                processes.append(LoadProcess(job(role, directory), directory))
                processes[-1].await_word("ready", READY_TIMEOUT_S)
            await_done(processes)
            server, client = (process.release() for process in processes)
        finally:
            for process in processes:
                process.stop()
    if client.round_trips is None or server.throughput is None:
        raise LoadError(Role.CLIENT, "its report lacks what it was asked for")
    return Round(client.round_trips, server.throughput, client.aeron_version, client.dpdk_version)


def run_rounds(
    measurement: Measurement, rounds: int, has_huge_pages: bool, progress: Callable[[str, int], None]
) -> dict[str, list[Round]]:
    """The rounds of each path by its name, interleaved: a machine's speed drifts, its ratios hold."""
    jobs: dict[str, Callable[[Role, Path], LoadJob]] = {
        "dpdk": lambda role, directory: dpdk_job(measurement, role, directory, has_huge_pages),
        "kernel": lambda role, _directory: kernel_job(measurement, role),
    }
    measured: dict[str, list[Round]] = {path: [] for path in jobs}
    for number in range(rounds):
        for path, job in jobs.items():
            progress(path, number)
            measured[path].append(run_round(job))
    return measured
