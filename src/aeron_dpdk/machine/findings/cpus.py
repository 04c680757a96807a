"""CPUs for threads that spin: not shared, at full clock, near the NIC, and with a time source that is cheap
to read."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent
from aeron_dpdk.machine.thread_cpus import Topology, choose_cpus, complaint

THREADS = 4  # main, conductor, sender, receiver
SPINNING = ("AERON_SENDER_CPU_AFFINITY", "AERON_RECEIVER_CPU_AFFINITY")

AFFINITY = Check(
    "cpus.affinity",
    "sender and receiver spin: the scheduler must neither move them nor run both on one CPU",
)
ISOLATION = Check("cpus.isolation", "on an isolated CPU (isolcpus) nothing else interrupts a spinning thread")
SIBLINGS = Check("cpus.siblings", "two spinning threads on one core's hyper-threads halve each other")
GOVERNOR = Check(
    "cpus.governor", "a governor that saves power raises the clock only after the packet has come"
)
QUOTA = Check("cpus.quota", "a CPU quota stops a spinning thread for tens of milliseconds once it is used up")
CLOCK = Check("cpus.clock", "Aeron and DPDK read the clock per poll: only from the TSC is that nearly free")


def find_affinity(facts: Facts, intent: Intent) -> Iterator[Finding]:
    usable = facts.session.cpus & facts.cpus.online or facts.session.cpus
    outside = {name: cpu for name, cpu in intent.affinity.items() if cpu not in usable}
    for name, cpu in outside.items():
        yield AFFINITY.fail(
            f"{name} is {cpu}, which this process may not use (it may use {_shown(usable)})",
            "choose one of these, or widen the cgroup's cpuset",
        )
    if outside:
        return
    if intent.threads_from_cgroup:
        yield _from_cgroup(facts, usable)
    elif intent.is_dedicated and any(name not in intent.affinity for name in SPINNING):
        missing = " and ".join(name for name in SPINNING if name not in intent.affinity)
        yield AFFINITY.note(f"{missing} not set", "set them, or AERON_DPDK_THREADS_FROM_CGROUP=true")
    else:
        yield AFFINITY.passed(
            ", ".join(f"{name}={cpu}" for name, cpu in intent.affinity.items()) or "not needed"
        )


def _from_cgroup(facts: Facts, usable: frozenset[int]) -> Finding:
    """Chooses by the same rule as aeronmd_dpdk."""
    shown = f"taken from the cgroup's {_shown(usable)}"
    if len(usable) < THREADS:
        return AFFINITY.warn(f"{shown}: {THREADS} threads must share", "give the container four cores")
    nodes = {nic.numa_node for nic in facts.nics if nic.is_for_dpdk and nic.numa_node is not None}
    near = frozenset(cpu for cpu, node in facts.cpus.nodes.items() if node in nodes)
    topology = Topology(facts.cpus.siblings, near)
    *_, sender, receiver = choose_cpus(usable, THREADS, topology)
    if wrong := complaint(sender, receiver, topology):
        return AFFINITY.warn(f"{shown}: {wrong}", "give the container whole cores of the NIC's NUMA node")
    return AFFINITY.passed(f"{shown}: sender on {sender}, receiver on {receiver}")


def find_isolation(facts: Facts, intent: Intent) -> Iterator[Finding]:
    spinning = {name: intent.affinity[name] for name in SPINNING if name in intent.affinity}
    exposed = {name: cpu for name, cpu in spinning.items() if cpu not in facts.cpus.isolated}
    if exposed:
        cpus = ",".join(str(cpu) for cpu in sorted(set(exposed.values())))
        yield ISOLATION.note(
            f"{', '.join(f'{name}={cpu}' for name, cpu in exposed.items())} is not isolated",
            f"for the best tail latency: sudo aeron-dpdk setup cpus --cpus {cpus}, then reboot",
        )
    elif spinning:
        yield ISOLATION.passed(f"{_shown(facts.cpus.isolated)} isolated")


def find_siblings(facts: Facts, intent: Intent) -> Iterator[Finding]:
    cpus = [intent.affinity[name] for name in SPINNING if name in intent.affinity]
    if len(cpus) < len(SPINNING):
        return
    if cpus[0] == cpus[1]:
        yield SIBLINGS.fail(f"sender and receiver are both on CPU {cpus[0]}", "give each a core of its own")
    elif cpus[1] in facts.cpus.siblings.get(cpus[0], frozenset()):
        yield SIBLINGS.warn(
            f"CPUs {cpus[0]} and {cpus[1]} are hyper-threads of one core",
            "give sender and receiver a core each, and leave the siblings idle",
        )
    else:
        yield SIBLINGS.passed(f"CPUs {cpus[0]} and {cpus[1]} are different cores")


def find_governor(facts: Facts, intent: Intent) -> Iterator[Finding]:
    others = sorted({governor for governor in facts.cpus.governors.values() if governor != "performance"})
    if others:
        yield GOVERNOR.warn(
            f"{', '.join(others)} on {_shown(_with_other_governor(facts))}",
            "sudo aeron-dpdk setup cpus --cpus LIST, or tuned-adm profile network-latency",
        )
    elif facts.cpus.governors:
        yield GOVERNOR.passed("performance")


def _with_other_governor(facts: Facts) -> frozenset[int]:
    return frozenset(cpu for cpu, name in facts.cpus.governors.items() if name != "performance")


def find_quota(facts: Facts, intent: Intent) -> Iterator[Finding]:
    quota = facts.session.cpu_quota
    if quota is not None:
        yield QUOTA.warn(
            f"the cgroup gets {quota:g} CPUs' worth of time",
            "remove the quota and give whole CPUs (docker --cpuset-cpus, Kubernetes static CPU policy)",
        )


def find_clock(facts: Facts, intent: Intent) -> Iterator[Finding]:
    source = facts.cpus.clock_source
    if source in ("tsc", "arch_sys_counter"):
        yield CLOCK.passed(source)
    elif source and facts.cpus.has_steady_tsc:
        yield CLOCK.warn(
            f"{source}, although the TSC is steady",
            "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource; boot "
            "with tsc=reliable",
        )
    elif source:
        yield CLOCK.note(f"{source}: this CPU or hypervisor shows no steady TSC")


def _shown(cpus: frozenset[int]) -> str:
    return f"CPUs {','.join(map(str, sorted(cpus)))}" if cpus else "no CPU"
