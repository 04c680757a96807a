"""Which clock the kernel keeps time with (kernel: Documentation/timers/timekeeping.rst)."""

from aeron_dpdk.machine.tree import Tree

CURRENT = "/sys/devices/system/clocksource/clocksource0/current_clocksource"


def clock_source(tree: Tree) -> str:
    """ "tsc", "kvm-clock" and so on; empty where the kernel does not tell."""
    return tree.text(CURRENT) or ""


def kernel_trusts_tsc(tree: Tree | None = None) -> bool:
    """Whether the kernel has found the time stamp counter to run at one rate, on all CPUs alike and through
    every idle state: its clock source watchdog has looked longer than we could.
    """
    return clock_source(tree or Tree()) == "tsc"
