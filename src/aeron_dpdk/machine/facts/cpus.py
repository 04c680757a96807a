"""CPUs: isolation, siblings, nodes, governors and the clock (kernel:
Documentation/admin-guide/cputopology.rst, timers/timekeeping.rst)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aeron_dpdk.machine.tree import Tree

CPUS = "/sys/devices/system/cpu"
NODES = "/sys/devices/system/node"
CLOCK_SOURCE = "/sys/devices/system/clocksource/clocksource0/current_clocksource"


@dataclass(frozen=True, slots=True)
class Cpus:
    """Sets of CPU numbers. `siblings` and `nodes` are by CPU; `governors` has the CPUs that have one."""

    online: frozenset[int]
    isolated: frozenset[int]
    siblings: Mapping[int, frozenset[int]]
    nodes: Mapping[int, int]
    governors: Mapping[int, str]
    clock_source: str
    has_steady_tsc: bool


def read_cpus(tree: Tree) -> Cpus:
    online = parse_cpu_list(tree.text(f"{CPUS}/online") or "")
    flags = re.search(r"^flags\s*:(.*)$", tree.text("/proc/cpuinfo") or "", re.MULTILINE)
    return Cpus(
        online=online,
        isolated=parse_cpu_list(tree.text(f"{CPUS}/isolated") or ""),
        siblings={
            cpu: parse_cpu_list(tree.text(f"{CPUS}/cpu{cpu}/topology/thread_siblings_list") or str(cpu))
            for cpu in online
        },
        nodes=_read_nodes(tree),
        governors={
            cpu: governor
            for cpu in online
            if (governor := tree.text(f"{CPUS}/cpu{cpu}/cpufreq/scaling_governor")) is not None
        },
        clock_source=clock_source(tree),
        has_steady_tsc=flags is not None and {"constant_tsc", "nonstop_tsc"} <= set(flags[1].split()),
    )


def _read_nodes(tree: Tree) -> Mapping[int, int]:
    numbers = [int(name[4:]) for name in tree.names(NODES) if re.fullmatch(r"node\d+", name)]
    return {
        cpu: node
        for node in numbers
        for cpu in parse_cpu_list(tree.text(f"{NODES}/node{node}/cpulist") or "")
    }


def parse_cpu_list(text: str) -> frozenset[int]:
    """The kernel's list format: "0-3,8,10-11" (Documentation/admin-guide/cputopology.rst)."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            cpus.update(range(int(first), int(last or first) + 1))
    return frozenset(cpus)


def clock_source(tree: Tree) -> str:
    """ "tsc", "kvm-clock" and so on; empty if the kernel does not say."""
    return tree.text(CLOCK_SOURCE) or ""


def kernel_trusts_tsc(tree: Tree | None = None) -> bool:
    """Whether the kernel has found that the time stamp counter runs at one rate, the same on all CPUs and in
    every idle state. Its clock source watchdog has watched it for longer than we could.
    """
    return clock_source(tree or Tree()) == "tsc"
