"""What we add to the user's EAL options, and why."""

from collections.abc import Iterable, Sequence

from aeron_dpdk.observe.threads import cpu_list

PROGRAM = "aeronmd_dpdk"
NO_HUGE_MEMORY_MIB = 512
LCORE_OPTIONS = frozenset({"-c", "-l", "--lcores"})
LONG_NAMES = {"-a": "--allow", "-b": "--block"}

# With any of these, the user has decided where DPDK keeps its memory and files.
MEMORY_OPTIONS = frozenset(
    {
        "--file-prefix",
        "--huge-dir",
        "--huge-unlink",
        "--in-memory",
        "--legacy-mem",
        "--no-huge",
        "--no-shconf",
        "--proc-type",
    }
)


def option_names(arguments: Iterable[str]) -> frozenset[str]:
    """`-l0` to `-l`, `--vdev=net_null0` to `--vdev`."""
    return frozenset(
        argument.partition("=")[0] if argument.startswith("--") else argument[:2] for argument in arguments
    )


def uses_huge_pages(arguments: Iterable[str]) -> bool:
    return "--no-huge" not in option_names(arguments)


def complete_eal_arguments(
    given: Sequence[str], cpus: Iterable[int], main_cpu: int | None
) -> tuple[str, ...]:
    """The whole argv. `cpus` are those that the process may use; if `main_cpu` is None, the main thread may
    run on all of them."""
    names = option_names(given)
    added = []
    if not names & LCORE_OPTIONS:
        # One lcore, so that EAL makes no threads that we do not use; on all CPUs, so that it pins nothing.
        own_cpus = cpu_list(cpus) if main_cpu is None else str(main_cpu)
        added.append(f"--lcores=0@({own_cpus})")
    if not names & MEMORY_OPTIONS:
        # Anonymous memory: no mount is needed, no permissions, and kill -9 leaves nothing behind.
        added.append("--in-memory")
    if "--no-huge" in names and "--no-shconf" not in names:
        # EAL refuses --in-memory with --no-huge. Its shared files serve only secondary processes.
        added.append("--no-shconf")
    if "--no-huge" in names and "-m" not in names:
        # EAL would take 64 MiB, too little for our mempools; pages that are not touched cost nothing.
        added.append(f"-m{NO_HUGE_MEMORY_MIB}")
    return (PROGRAM, *added, *(_by_long_name(argument) for argument in given))


def _by_long_name(argument: str) -> str:
    """DPDK 25.11 takes the first = in a word for the one behind an option's name (lib/argparse), even in
    -a0000:00:06.0,key=value."""
    name = LONG_NAMES.get(argument[:2])
    return f"{name}={argument[2:]}" if name is not None and "=" in argument else argument
