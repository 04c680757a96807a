"""Huge pages: whether there are enough, on the right node, and again after a reboot; and who may use their
mount."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.memory import NodePool, advised_kib
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent

FIX = "sudo aeron-dpdk setup huge-pages"

RESERVED = Check(
    "huge-pages.reserved",
    "DPDK takes its packet memory from huge pages, and aeronmd_dpdk does not start without a free one",
)
NODE = Check(
    "huge-pages.node",
    "memory on another NUMA node than the NIC costs every packet a trip between sockets, or is not found "
    "at all",
)
BOOT = Check("huge-pages.boot", "huge pages reserved by hand are gone after a reboot")
MOUNT = Check(
    "huge-pages.mount",
    "aeronmd_dpdk uses no hugetlbfs mount (--in-memory); EAL options such as --huge-dir and other DPDK "
    "programs do",
)


def find_reserved(facts: Facts, intent: Intent) -> Iterator[Finding]:
    pools = facts.memory.pools
    free_kib = sum(pool.free * pool.page_kib for pool in pools)
    total_kib = sum(pool.total * pool.page_kib for pool in pools)
    if not pools:
        yield RESERVED.fail(
            "this kernel has no huge pages",
            "boot a kernel with CONFIG_HUGETLBFS; on a host that hides them from a container, ask its "
            "operator",
        )
    elif total_kib == 0:
        yield RESERVED.fail("no huge page is reserved", FIX, fixable=not facts.in_container)
    elif free_kib == 0:
        yield RESERVED.fail(
            f"all huge pages are in use: {_shown(pools)}",
            f"stop what uses them (grep -l hugepages /proc/*/maps), or more: {_more(pools)}",
            fixable=not facts.in_container,
        )
    elif total_kib < advised_kib(facts.memory) // 2:
        yield RESERVED.warn(f"only {_shown(pools)}", FIX, fixable=not facts.in_container)
    elif free_kib < advised_kib(facts.memory) // 2:
        yield RESERVED.note(
            f"{_shown(pools)}, of which {free_kib >> 10} MiB are free: enough if aeronmd_dpdk has the others",
            f"to run another DPDK program beside it: {_more(pools)}",
            fixable=not facts.in_container,
        )
    else:
        yield RESERVED.passed(f"{_shown(pools)}, {free_kib >> 10} MiB free")


def find_node(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        own = [pool for pool in facts.memory.pools if pool.node == nic.numa_node]
        if not nic.is_for_dpdk or nic.numa_node is None or not own:
            continue
        if any(pool.free for pool in own):
            yield NODE.of(nic.address).passed(f"node {nic.numa_node}, the NIC's, has free huge pages")
        elif any(pool.free for pool in facts.memory.pools):
            command = _more(tuple(own)) if any(pool.total for pool in own) else FIX
            yield NODE.of(nic.address).warn(
                f"the NIC is on node {nic.numa_node}, where no huge page is free, but other nodes have some",
                f"{command} --nic {nic.address}",
                fixable=True,
            )


def find_boot(facts: Facts, intent: Intent) -> Iterator[Finding]:
    if facts.in_container or not any(pool.total for pool in facts.memory.pools):
        return
    argument = facts.kernel.argument("hugepages")
    if argument is not None:
        yield BOOT.passed(f"the kernel is booted with hugepages={argument}")
    elif facts.files.boot_arguments:
        yield BOOT.passed("aeron-dpdk-setup.service reserves them at boot")
    elif facts.files.sysctl_hugepages is not None:
        yield BOOT.passed(f"{facts.files.sysctl_hugepages} sets vm.nr_hugepages")
    else:
        yield BOOT.note(
            "nothing that doctor knows of reserves them at boot",
            "sudo aeron-dpdk setup boot" if facts.files.has_systemd else "let your init system do it",
            fixable=facts.files.has_systemd,
        )


def find_mount(facts: Facts, intent: Intent) -> Iterator[Finding]:
    mounts = facts.memory.mounts
    if not mounts:
        yield MOUNT.note("hugetlbfs is not mounted", "if you need it: mount -t hugetlbfs none /dev/hugepages")
        return
    user = intent.user
    for mount in mounts:
        check = MOUNT.of(mount.directory)
        shown = f"{_size(mount.page_kib)} pages, {mount.permissions}"
        if user is None or mount.permissions is None or mount.permissions.allow_write(user.uid, user.gids):
            yield check.passed(shown)
        else:
            yield check.note(
                f"{shown}: {user.name} may not write there",
                f"only where it is used: sudo aeron-dpdk setup permissions --user {user.name}",
                fixable=True,
            )


def _shown(pools: tuple[NodePool, ...]) -> str:
    return ", ".join(
        f"{pool.total} x {_size(pool.page_kib)}" + (f" on node {pool.node}" if pool.node is not None else "")
        for pool in pools
        if pool.total
    )


def _size(kib: int) -> str:
    units = ((1 << 20, "GiB"), (1 << 10, "MiB"))
    return next((f"{kib // unit} {name}" for unit, name in units if kib >= unit), f"{kib} KiB")


def _more(pools: tuple[NodePool, ...]) -> str:
    """Twice the memory in huge pages of the node that has most, since the amount given to setup is for each
    node."""
    by_node = {pool.node: 0 for pool in pools}
    for pool in pools:
        by_node[pool.node] += pool.total * pool.page_kib
    return f"{FIX} --huge-memory {2 * max(by_node.values()) >> 10}M"
