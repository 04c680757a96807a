"""CPUs kept for threads that spin: the governor now; isolation, interrupts and the governor from the next
boot on.

Interrupts are moved at boot, by irqaffinity=, because some cannot be moved later (managed ones, as of NVMe
queues).
"""

from collections.abc import Iterable, Iterator

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.resources import Change, CpuArguments, KernelValue
from aeron_dpdk.machine.facts.cpus import CPUS
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.intent import SetupRequest

PERFORMANCE = "performance"
GOVERNOR_REASON = "a governor that saves power raises the clock only after the packet has come"
ISOLATION_REASON = "no other thread, timer tick, RCU callback or interrupt runs on these CPUs after a reboot"
BY_HAND = "add the arguments to the boot loader's configuration by hand"


def refuse_cpus(facts: Facts, cpus: frozenset[int]) -> None:
    """Raises RefusedError for CPUs that do not exist, and if none would be left for the system."""
    absent = cpus - facts.cpus.online
    if absent:
        raise RefusedError(
            f"CPU {_shown(absent)} is not online",
            f"choose from {_shown(facts.cpus.online)}",
        )
    if cpus and cpus >= facts.cpus.online:
        raise RefusedError("no CPU would be left for the system and its interrupts", "leave at least one out")


def keep_cpus(facts: Facts, request: SetupRequest) -> Iterator[Change]:
    for cpu in sorted(request.cpus & facts.cpus.governors.keys()):
        governor = KernelValue(f"{CPUS}/cpu{cpu}/cpufreq/scaling_governor")
        yield Change(governor, PERFORMANCE, GOVERNOR_REASON)
    if request.is_temporary or not facts.files.has_boot_menu_tool or other_isolation(facts, request.cpus):
        return
    arguments = isolating_arguments(facts, request.cpus)
    if arguments and not set(arguments) <= set(facts.kernel.command_line):
        yield Change(CpuArguments(" ".join(arguments)), list(arguments), ISOLATION_REASON, BY_HAND)


def isolating_arguments(facts: Facts, cpus: frozenset[int]) -> tuple[str, ...]:
    """Kernel: Documentation/admin-guide/kernel-parameters.txt. Empty if there is no CPU."""
    if not cpus:
        return ()
    kept, others = _shown(cpus), _shown(facts.cpus.online - cpus)
    governor = (f"cpufreq.default_governor={PERFORMANCE}",) if facts.cpus.governors else ()
    return (
        f"isolcpus=managed_irq,domain,{kept}",
        f"nohz_full={kept}",
        f"rcu_nocbs={kept}",
        f"irqaffinity={others}",
        *governor,
    )


def other_isolation(facts: Facts, cpus: frozenset[int]) -> str | None:
    """An isolcpus= argument that is not ours: the kernel does not combine two of them."""
    given = facts.kernel.argument("isolcpus")
    return None if given is None or f"isolcpus={given}" in isolating_arguments(facts, cpus) else given


def notes_on(facts: Facts, request: SetupRequest) -> Iterable[str]:
    if not request.cpus:
        return
    given = other_isolation(facts, request.cpus)
    by_hand = " ".join(isolating_arguments(facts, request.cpus))
    if given is not None:
        yield f"this kernel was booted with isolcpus={given}, which is left as it is; to change it: {by_hand}"
    elif not facts.files.has_boot_menu_tool:
        yield f"this machine has no boot loader that setup knows; boot the kernel with {by_hand}"
    siblings = frozenset(cpu for each in request.cpus for cpu in facts.cpus.siblings.get(each, ()))
    if siblings - request.cpus:
        yield (
            f"CPU {_shown(siblings - request.cpus)} shares a core with these and is not kept free; "
            "give --cpus both hyper-threads of each core"
        )


def _shown(cpus: frozenset[int]) -> str:
    return ",".join(str(cpu) for cpu in sorted(cpus))
