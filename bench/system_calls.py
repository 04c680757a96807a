"""The system calls of the measuring threads, by strace(1): it does not slow down a thread that makes none.
The measured time of a phase is between its two getrusage() calls (native/load/window.h).
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MARK = "getrusage"
THREAD_NAME = "adk-load"  # native/load/thread.h
ATTACH_TIMEOUT_S = 10.0
# The processes close their drivers between the last phase and their end.
END_TIMEOUT_S = 20.0
_CALL = re.compile(r"(\w+)\(")


@dataclass
class SystemCalls:
    """`phases[i]` counts the calls of phase i by name."""

    phases: list[Counter[str]] = field(default_factory=list)
    failure: str | None = None


def can_count() -> bool:
    return shutil.which("strace") is not None


@contextmanager
def counted(processes: list[int], into: list[SystemCalls]) -> Iterator[None]:
    """When the block has ended, adds the calls of each process's measuring thread to `into`, in order."""
    with ExitStack() as undo:
        directory = undo.enter_context(tempfile.TemporaryDirectory())
        traces = [
            undo.enter_context(_traced(process, Path(directory, str(number))))
            for number, process in enumerate(processes)
        ]
        yield
        into.extend(_outcome(trace) for trace in traces)


@dataclass(frozen=True, slots=True)
class _Trace:
    strace: "subprocess.Popen[str] | None"
    log: Path


@contextmanager
def _traced(process: int, log: Path) -> Iterator[_Trace]:
    """Waits until strace has attached, or has ended because it could not; None if there is no thread to
    attach to."""
    task = _measuring_task(process)
    if task is None:
        yield _Trace(None, log)
        return
    command = ["strace", "-qq", "-e", "signal=none", "-o", str(log), "-p", task.name]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as strace:
        try:
            while strace.poll() is None and task.exists() and not _is_traced(task):
                time.sleep(0.01)
            yield _Trace(strace, log)
        finally:
            strace.terminate()


def _measuring_task(process: int) -> Path | None:
    deadline = time.monotonic() + ATTACH_TIMEOUT_S
    tasks = Path(f"/proc/{process}/task")
    while tasks.exists() and time.monotonic() < deadline:
        for task in tasks.iterdir():
            if (task / "comm").read_text().strip() == THREAD_NAME:
                return task
        time.sleep(0.01)
    return None


def _is_traced(task: Path) -> bool:
    try:
        return "TracerPid:\t0\n" not in (task / "status").read_text()
    except OSError:
        return False  # it has ended


def _outcome(trace: _Trace) -> SystemCalls:
    if trace.strace is None:
        return SystemCalls(failure=f"no thread {THREAD_NAME}")
    _, complaints = trace.strace.communicate(timeout=END_TIMEOUT_S)
    if trace.strace.returncode != 0:
        return SystemCalls(failure=complaints.strip() or f"strace ended with {trace.strace.returncode}")
    return SystemCalls(calls_of_phases(trace.log.read_text()))


def calls_of_phases(log: str) -> list[Counter[str]]:
    phases: list[Counter[str]] = []
    is_measured = False
    for line in log.splitlines():
        call = _CALL.match(line)
        if call is None:
            continue
        if call[1] == MARK:
            is_measured = not is_measured
            if is_measured:
                phases.append(Counter())
        elif is_measured:
            phases[-1][call[1]] += 1
    return phases
