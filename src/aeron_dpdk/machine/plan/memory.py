"""Huge pages, socket buffers, memory locking."""

from collections.abc import Iterator

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.resources import Change, ConfigFile, KernelValue
from aeron_dpdk.machine.facts.files import LIMITS_FILE, SYSCTL_FILE
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.memory import NodePool, advised_kib
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.intent import SetupRequest

HEAD = "# Written by aeron-dpdk setup; aeron-dpdk setup --undo removes it.\n"
CORE = "/proc/sys/net/core"
USUAL_PAGE_KIB = 2048  # Arm has pages of 64 KiB too


def reserve_huge_pages(facts: Facts, request: SetupRequest, nics: tuple[Nic, ...]) -> Iterator[Change]:
    """Never reduces their number. Raises RefusedError for a page size that the kernel does not have."""
    pools = _pools(facts, request, nics)
    wanted_kib = request.huge_kib if request.huge_kib is not None else advised_kib(facts.memory)
    if wanted_kib > facts.memory.total_kib:
        raise RefusedError(
            f"{wanted_kib >> 10} MiB of huge pages are more than this machine's "
            f"{facts.memory.total_kib >> 10} MiB",
            "ask for less with --huge-memory",
        )
    for pool in pools:
        pages = -(-wanted_kib // pool.page_kib)
        if pool.total < pages and not (request.page_kib is None and _has(facts, pool.node, wanted_kib)):
            yield Change(
                KernelValue(f"{pool.directory}/nr_hugepages"),
                str(pages),
                f"{pages * pool.page_kib >> 10} MiB of huge pages for DPDK",
                "memory is fragmented or short: ask for less with --huge-memory, reboot first, or reserve "
                "them "
                f"with the kernel argument hugepagesz={pool.page_kib}K hugepages={pages}",
            )


def _has(facts: Facts, node: int | None, wanted_kib: int) -> bool:
    return sum(each.total * each.page_kib for each in facts.memory.pools if each.node == node) >= wanted_kib


def _pools(facts: Facts, request: SetupRequest, nics: tuple[Nic, ...]) -> list[NodePool]:
    """On the NICs' nodes; on the first node if theirs are unknown."""
    sizes = sorted({pool.page_kib for pool in facts.memory.pools})
    usual = USUAL_PAGE_KIB if USUAL_PAGE_KIB in sizes else next(iter(sizes), 0)
    page_kib = request.page_kib if request.page_kib is not None else usual
    pools = [pool for pool in facts.memory.pools if pool.page_kib == page_kib]
    if not pools:
        raise RefusedError(
            f"this kernel has no huge pages of {page_kib} KiB (it has "
            f"{', '.join(map(str, sizes)) or 'none'})",
            "choose another --page-size",
        )
    nodes = {nic.numa_node for nic in nics if nic.numa_node is not None}
    return [pool for pool in pools if pool.node in nodes] or pools[:1]


def raise_socket_buffers(facts: Facts, request: SetupRequest) -> Iterator[Change]:
    wanted = {"rmem_max": request.receive_bytes, "wmem_max": request.send_bytes}
    present = {"rmem_max": facts.files.rmem_max, "wmem_max": facts.files.wmem_max}
    short = {
        name: size for name, size in wanted.items() if (limit := present[name]) is not None and limit < size
    }
    why = "Aeron insists on its window also for the kernel's sockets"
    for name, size in short.items():
        yield Change(KernelValue(f"{CORE}/{name}"), str(size), why)
    if short:
        lines = "".join(f"net.core.{name} = {size}\n" for name, size in short.items())
        yield Change(
            ConfigFile(SYSCTL_FILE), {"text": HEAD + lines, "mode": 0o644}, f"{why}, also after a reboot"
        )


def lift_memory_lock(request: SetupRequest) -> Iterator[Change]:
    """PAM reads the file at the user's next login."""
    if request.user is not None and request.user.uid != 0:
        text = f"{HEAD}{request.user.name} - memlock unlimited\n"
        why = "vfio locks DMA memory, which counts against an ordinary user's limit"
        yield Change(ConfigFile(LIMITS_FILE), {"text": text, "mode": 0o644}, why)
