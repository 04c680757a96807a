"""Two CPUs that do not share a core, for two threads that spin."""

import os
from pathlib import Path

from aeron_dpdk.errors import TooFewCpusError

CPUS = Path("/sys/devices/system/cpu")


def cpu_list(text: str) -> frozenset[int]:
    """The kernel's list format: "0-3,8,10-11" (Documentation/admin-guide/cputopology.rst)."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)


def core_pair(allowed: frozenset[int] | None = None, directory: Path = CPUS) -> tuple[int, int]:
    """The first allowed CPU and the first one that is not its hyper-thread. Raises TooFewCpusError."""
    usable = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    first = usable[0]
    try:
        siblings = cpu_list((directory / f"cpu{first}" / "topology" / "thread_siblings_list").read_text())
    except OSError:
        siblings = frozenset({first})
    for other in usable:
        if other not in siblings | {first}:
            return first, other
    raise TooFewCpusError(len(usable))
