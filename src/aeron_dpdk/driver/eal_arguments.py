"""What the user's EAL options say, and what we add to them."""

from collections.abc import Iterable, Sequence

from aeron_dpdk.machine.facts.nics import AMAZON, DEVICES, DPDK_DRIVERS
from aeron_dpdk.machine.plan.choice import ENA_POLL_ARGUMENT
from aeron_dpdk.machine.tree import Tree
from aeron_dpdk.observe.threads import cpu_list

PROGRAM = "aeronmd_dpdk"
NO_HUGE_MEMORY_MIB = 512
LCORE_OPTIONS = frozenset({"-c", "-l", "--lcores"})
LONG_NAMES = {"-a": "--allow", "-b": "--block"}
ALLOW = ("-a", "--allow=")
# With any of these the user has said which devices DPDK uses.
DEVICE_OPTIONS = frozenset({"-a", "--allow", "-b", "--block", "--no-pci", "--vdev"})
WITHOUT_INTERRUPTS = "uio_pci_generic"

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


def allowed_devices(eal_arguments: Sequence[str]) -> Iterable[str]:
    """The PCI addresses that -a names: 0000:48:00.0 for -a 48:00.0,devargs."""
    for argument in eal_arguments:
        for start in ALLOW:
            if argument.startswith(start):
                address = argument.removeprefix(start).partition(",")[0]
                yield address if address.count(":") > 1 else f"0000:{address}"


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


def with_polling(tree: Tree, eal_arguments: Sequence[str]) -> tuple[str, ...]:
    """The EAL arguments for ENA on uio_pci_generic, which has no interrupts: the -a of each such NIC tells
    DPDK to poll the admin queue. If there is such a NIC, and no option chooses devices, -a is added for all
    NICs that DPDK would find."""
    drivers = {address: tree.link_name(f"{DEVICES}/{address}/driver") for address in tree.names(DEVICES)}
    polled = frozenset(
        address
        for address, driver in drivers.items()
        if driver == WITHOUT_INTERRUPTS and tree.number(f"{DEVICES}/{address}/vendor") == AMAZON
    )
    arguments = list(eal_arguments)
    if polled and not option_names(arguments) & DEVICE_OPTIONS:
        arguments += [f"-a{address}" for address, driver in drivers.items() if driver in DPDK_DRIVERS]
    return tuple(_completed(argument, polled) for argument in arguments)


def _completed(argument: str, polled: frozenset[str]) -> str:
    is_meant = polled.intersection(allowed_devices((argument,)))
    has_it = ENA_POLL_ARGUMENT.partition("=")[0] in argument
    return f"{argument},{ENA_POLL_ARGUMENT}" if is_meant and not has_it else argument
