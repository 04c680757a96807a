"""Counts the system calls of the measuring threads from outside, with ptrace(2): a thread that makes none is
not slowed down. The measured time of a phase lies between its two getrusage() calls (native/load/window.h).
"""

import ctypes
import os
import platform
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

# linux/ptrace.h
PTRACE_SYSCALL = 24
PTRACE_SEIZE = 0x4206
PTRACE_INTERRUPT = 0x4207
PTRACE_GET_SYSCALL_INFO = 0x420E
PTRACE_O_TRACESYSGOOD = 1
PTRACE_SYSCALL_INFO_ENTRY = 1
WALL = 0x40000000  # __WALL, linux/wait.h
SYSCALL_STOP = signal.SIGTRAP | 0x80

MARK = 98  # getrusage, x86-64
THREAD_NAME = "adk-load"  # native/load/thread.h
NAMES = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
FIND_TIMEOUT_S = 10.0


class SyscallInfo(ctypes.Structure):
    """The head of ptrace_syscall_info, up to where an entry's number stands."""

    _fields_ = [
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("instruction_pointer", ctypes.c_uint64),
        ("stack_pointer", ctypes.c_uint64),
        ("number", ctypes.c_uint64),
        ("arguments", ctypes.c_uint64 * 6),
    ]


@dataclass
class SystemCalls:
    """`phases[i]` counts the calls of phase i by name."""

    phases: list[Counter[str]] = field(default_factory=list)
    failure: str | None = None


def can_count() -> bool:
    return platform.machine() == "x86_64"


def names(header: Path = NAMES) -> dict[int, str]:
    """Empty without the kernel's headers: numbers are shown then."""
    if not header.exists():
        return {}
    pairs = re.findall(r"#define __NR_(\w+) (\d+)", header.read_text())
    return {int(number): name for name, number in pairs}


@contextmanager
def counted(processes: list[int], into: list[SystemCalls]) -> Iterator[None]:
    """Adds the calls of each process's measuring thread to `into`, in order, when the block has ended."""
    found = [SystemCalls() for _ in processes]
    tracers = [
        Thread(target=_trace, args=(process, calls), daemon=True)
        for process, calls in zip(processes, found, strict=True)
    ]
    for tracer in tracers:
        tracer.start()
    yield
    for tracer in tracers:
        tracer.join(2 * FIND_TIMEOUT_S)
    into.extend(found)


def _measuring_thread(process: int) -> int:
    """Raises OSError: the process is gone, or has not started the thread in time."""
    tasks = Path(f"/proc/{process}/task")
    deadline = time.monotonic() + FIND_TIMEOUT_S
    while time.monotonic() < deadline:
        for task in list(tasks.iterdir()):
            if (task / "comm").read_text().strip() == THREAD_NAME:
                return int(task.name)
        time.sleep(0.01)
    raise TimeoutError(f"process {process} has no thread {THREAD_NAME}")


def _trace(process: int, calls: SystemCalls) -> None:
    """All of it on one thread: the kernel takes ptrace requests from the tracing thread only."""
    try:
        thread = _measuring_thread(process)
        _ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACESYSGOOD)
        _ptrace(PTRACE_INTERRUPT, thread, 0, 0)
        _follow(thread, calls)
    except OSError as error:
        calls.failure = str(error)


def _follow(thread: int, calls: SystemCalls) -> None:
    known, marks = names(), 0
    while True:
        _, status = os.waitpid(thread, WALL)
        if not os.WIFSTOPPED(status):
            return
        stop = os.WSTOPSIG(status)
        if stop == SYSCALL_STOP and (number := _entered(thread)) is not None:
            if number == MARK:
                marks += 1
                if marks % 2 == 1:
                    calls.phases.append(Counter())
            elif marks % 2 == 1:
                calls.phases[-1][known.get(number, str(number))] += 1
        # A seized thread's interrupt is an event, not a signal to pass on (ptrace(2)).
        passed_on = 0 if stop == SYSCALL_STOP or status >> 16 else stop
        _ptrace(PTRACE_SYSCALL, thread, 0, passed_on)


def _entered(thread: int) -> int | None:
    info = SyscallInfo()
    _ptrace(PTRACE_GET_SYSCALL_INFO, thread, ctypes.sizeof(info), ctypes.addressof(info))
    return int(info.number) if info.op == PTRACE_SYSCALL_INFO_ENTRY else None


def _ptrace(request: int, thread: int, address: int, data: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(request, thread, address, data) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
