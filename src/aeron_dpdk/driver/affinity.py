"""Which core each thread gets. The EAL pins the thread that starts it, and new threads inherit that. So cores
are chosen here, before the EAL starts; C restores the saved mask for threads whose affinity is not set.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aeron_dpdk.driver.aeron_settings import DEDICATED, AeronSettings
from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.thread_cpus import Topology, choose_cpus, complaint

CONDUCTOR = "AERON_CONDUCTOR_CPU_AFFINITY"
SENDER = "AERON_SENDER_CPU_AFFINITY"
RECEIVER = "AERON_RECEIVER_CPU_AFFINITY"
NATIVE_RESOURCE_AGENT = "AERON_DRIVER_NATIVE_RESOURCE_AGENT_CPU_AFFINITY"
HIGHEST_CPU = 255  # aeron_set_thread_affinity_on_start() casts to uint8_t

# Which variables the threads of a mode obey (aeron_set_thread_affinity_on_start()), in our order of cores.
PINNED_BY_MODE = {
    DEDICATED: (CONDUCTOR, SENDER, RECEIVER),
    "SHARED_NETWORK": (CONDUCTOR, SENDER),
    "SHARED": (CONDUCTOR,),
    "INVOKER": (),
}


ONE_THREAD_A_CORE = Topology()


@dataclass(frozen=True, slots=True)
class AffinityPlan:
    """`environment` is to be set for Aeron; if `main_cpu` is None, the main thread is not pinned."""

    environment: Mapping[str, str]
    main_cpu: int | None
    warnings: tuple[str, ...]


def plan_affinity(
    aeron: AeronSettings, cpus: Iterable[int], from_cgroup: bool, topology: Topology = ONE_THREAD_A_CORE
) -> AffinityPlan:
    """`cpus` are those that the process may use. Raises SettingConflictError."""
    if from_cgroup:
        return _plan_from(aeron, sorted(cpus), topology)
    return AffinityPlan({}, None, (*_unpinned(aeron), *_unreachable(aeron.affinity)))


def _plan_from(aeron: AeronSettings, cpus: list[int], topology: Topology) -> AffinityPlan:
    if aeron.affinity_is_cpuset_index:
        raise SettingConflictError(
            "AERON_DPDK_THREADS_FROM_CGROUP and AERON_DRIVER_CPUSET_AFFINITY are both set", "set one of them"
        )
    wanting = [name for name in PINNED_BY_MODE[aeron.threading_mode] if name not in aeron.affinity]
    taken = [cpu for name, cpu in aeron.affinity.items() if name in PINNED_BY_MODE[aeron.threading_mode]]
    unused = [cpu for cpu in cpus if cpu not in aeron.affinity.values()] or cpus
    free = choose_cpus(unused, len(wanting) + 1, topology, taken)
    missing = max(0, len(wanting) + 1 - len(free))
    main_cpu = free[0]
    # When cores are short the first ones are shared: main sleeps most of the time, sender and receiver may
    # spin.
    chosen = {name: free[max(0, place - missing)] for place, name in enumerate(wanting, start=1)}
    if NATIVE_RESOURCE_AGENT not in aeron.affinity:
        chosen[NATIVE_RESOURCE_AGENT] = main_cpu
    warnings = list(_unreachable({**aeron.affinity, **chosen}))
    placed = {**aeron.affinity, **chosen}
    spinning = [placed[name] for name in (SENDER, RECEIVER) if name in placed]
    if len(spinning) > 1 and (wrong := complaint(spinning[0], spinning[1], topology)):
        warnings.append(f"AERON_DPDK_THREADS_FROM_CGROUP: {wrong}: give the container more or other cores")
    if missing:
        warnings.append(
            f"AERON_DPDK_THREADS_FROM_CGROUP: {len(wanting) + 1} threads need a core each, but only "
            f"{len(free)} of the CPU set are free, so some share: give the container more cores"
        )
    return AffinityPlan({name: str(cpu) for name, cpu in chosen.items()}, main_cpu, tuple(warnings))


def _unpinned(aeron: AeronSettings) -> Iterable[str]:
    missing = [name for name in (SENDER, RECEIVER) if name not in aeron.affinity]
    if aeron.threading_mode == DEDICATED and missing:
        yield (
            f"{' and '.join(missing)} not set, so the scheduler may move these threads, or run both on one "
            f"core: set them, or AERON_DPDK_THREADS_FROM_CGROUP=true"
        )


def _unreachable(affinity: Mapping[str, int]) -> Iterable[str]:
    for name, cpu in affinity.items():
        if cpu > HIGHEST_CPU:
            yield f"{name} is {cpu}, but Aeron can pin to CPUs up to {HIGHEST_CPU} only: choose a lower one"
