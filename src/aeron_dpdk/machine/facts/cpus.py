"""CPUs: isolation, siblings, nodes, governors and the clock (kernel:
Documentation/admin-guide/cputopology.rst)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aeron_dpdk.machine.clock_source import clock_source
from aeron_dpdk.machine.core_pair import cpu_list
from aeron_dpdk.machine.tree import Tree

CPUS = "/sys/devices/system/cpu"
NODES = "/sys/devices/system/node"


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
    online = cpu_list(tree.text(f"{CPUS}/online") or "")
    flags = re.search(r"^flags\s*:(.*)$", tree.text("/proc/cpuinfo") or "", re.MULTILINE)
    return Cpus(
        online=online,
        isolated=cpu_list(tree.text(f"{CPUS}/isolated") or ""),
        siblings={
            cpu: cpu_list(tree.text(f"{CPUS}/cpu{cpu}/topology/thread_siblings_list") or str(cpu))
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
    return {cpu: node for node in numbers for cpu in cpu_list(tree.text(f"{NODES}/node{node}/cpulist") or "")}
