"""A process's threads, their CPUs and the time they have used (proc_pid_stat(5))."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_UTIME, _STIME, _PROCESSOR = 11, 12, 36  # fields 14, 15 and 39, counted from the first one after the name


@dataclass(frozen=True, slots=True)
class ThreadView:
    """`cpus` is where it may run, written as "0-1,4"; `cpu` is where it last ran."""

    id: int
    name: str
    cpus: str
    cpu: int
    cpu_time_ms: int


def threads_of(pid: int, proc: Path = _PROC) -> tuple[ThreadView, ...]:
    """Empty if /proc hides the process from us."""
    found = []
    try:
        tasks = sorted((proc / str(pid) / "task").iterdir(), key=lambda task: int(task.name))
    except OSError:
        return ()
    for task in tasks:
        try:
            stat = (task / "stat").read_text()
            cpus = os.sched_getaffinity(int(task.name))
        except OSError:  # it has ended
            continue
        name, _, rest = stat.partition("(")[2].rpartition(")")
        fields = rest.split()
        ticks = int(fields[_UTIME]) + int(fields[_STIME])
        time_ms = ticks * 1000 // os.sysconf("SC_CLK_TCK")
        found.append(ThreadView(int(task.name), name, cpu_list(cpus), int(fields[_PROCESSOR]), time_ms))
    return tuple(found)


def cpu_list(cpus: Iterable[int]) -> str:
    """{0, 1, 4} as "0-1,4"."""
    ranges: list[list[int]] = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)
