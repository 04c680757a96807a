"""Which CPUs of a set the driver's threads get: whole cores first, and those on the NIC's NUMA node first."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aeron_dpdk.errors.measure import TooFewCpusError
from aeron_dpdk.machine.facts.cpus import CPUS, parse_cpu_list
from aeron_dpdk.machine.facts.nics import DEVICES, nics_for_dpdk
from aeron_dpdk.machine.tree import Tree


@dataclass(frozen=True, slots=True)
class Topology:
    """`siblings`: by CPU, the hyper-threads of its core; a CPU that is missing there is a core of its own.
    `near`: the CPUs of the NIC's node; empty if that is not known."""

    siblings: Mapping[int, frozenset[int]] = field(default_factory=dict)
    near: frozenset[int] = frozenset()

    def core(self, cpu: int) -> int:
        return min(self.siblings.get(cpu, {cpu}) | {cpu})


def read_topology(tree: Tree, cpus: Collection[int], nics: Collection[str]) -> Topology:
    """`nics` are PCI addresses; if there are none, all NICs that are bound to a driver for DPDK count."""
    places = [f"{DEVICES}/{address}" for address in nics or nics_for_dpdk(tree)]
    nodes = {
        node for place in places if (node := tree.number(f"{place}/numa_node")) is not None and node >= 0
    }
    near = [parse_cpu_list(tree.text(f"/sys/devices/system/node/node{node}/cpulist") or "") for node in nodes]
    siblings = {cpu: tree.text(f"{CPUS}/cpu{cpu}/topology/thread_siblings_list") for cpu in cpus}
    return Topology(
        siblings={cpu: parse_cpu_list(text) for cpu, text in siblings.items() if text},
        near=frozenset().union(*near),
    )


def choose_cpus(
    cpus: Collection[int], count: int, topology: Topology, taken: Collection[int] = ()
) -> list[int]:
    """At most `count` of `cpus`, in ascending order of the threads' need: the last ones have a core to
    themselves, as far as there are enough cores. `taken` are the CPUs of other threads."""
    rank: dict[int, int] = {}  # of a CPU among the hyper-threads of its core, as they are given away
    used: dict[int, int] = {}
    for cpu in (*taken, *sorted(cpus)):
        core = topology.core(cpu)
        rank[cpu] = used.get(core, 0)
        used[core] = rank[cpu] + 1

    def cost(cpu: int) -> tuple[bool, int, int]:
        return (bool(topology.near) and cpu not in topology.near, rank[cpu], cpu)

    chosen = sorted(cpus, key=cost)[:count]
    busy = [topology.core(cpu) for cpu in (*taken, *chosen)]
    return sorted(chosen, key=lambda cpu: (busy.count(topology.core(cpu)) == 1, rank[cpu], cpu))


def complaint(sender: int, receiver: int, topology: Topology) -> str | None:
    """What is wrong with the CPUs of the two threads that spin; None if nothing is."""
    if sender != receiver and topology.core(sender) == topology.core(receiver):
        return f"sender and receiver are on CPUs {sender} and {receiver}, hyper-threads of one core"
    far = sorted({sender, receiver} - topology.near) if topology.near else []
    if far:
        return f"the NIC is on another NUMA node than CPU {' and '.join(map(str, far))}"
    return None


def core_pair(allowed: frozenset[int] | None = None, directory: Path = Path(CPUS)) -> tuple[int, int]:
    """The first allowed CPU and the first one that is not its hyper-thread. Raises TooFewCpusError."""
    usable = sorted(os.sched_getaffinity(0) if allowed is None else allowed)
    first = usable[0]
    try:
        siblings = parse_cpu_list(
            (directory / f"cpu{first}" / "topology" / "thread_siblings_list").read_text()
        )
    except OSError:
        siblings = frozenset({first})
    for other in usable:
        if other not in siblings | {first}:
            return first, other
    raise TooFewCpusError(len(usable))
