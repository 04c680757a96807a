"""Memory: huge pages, in total (kernel: Documentation/admin-guide/mm/hugetlbpage.rst) and by NUMA node; where
they are mounted; and how much memory there is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.machine.tree import Permissions, Tree

SYSFS = Path("/sys/kernel/mm/hugepages")
GIB_IN_KIB = 1 << 20


@dataclass(frozen=True, slots=True)
class HugePagePool:
    """Counts of pages; `overcommit` is how many the kernel may add on demand."""

    size_kib: int
    total: int
    free: int
    overcommit: int


def read_huge_pages(root: Path = SYSFS) -> tuple[HugePagePool, ...]:
    """By size, smallest first; empty if the kernel has none."""
    pools = (_read_pool(directory) for directory in root.glob("hugepages-*kB"))
    return tuple(sorted(pools, key=lambda pool: pool.size_kib))


def _read_pool(directory: Path) -> HugePagePool:
    def count(name: str) -> int:
        return int((directory / name).read_text())

    return HugePagePool(
        size_kib=int(directory.name.removeprefix("hugepages-").removesuffix("kB")),
        total=count("nr_hugepages"),
        free=count("free_hugepages") - count("resv_hugepages"),
        overcommit=max(0, count("nr_overcommit_hugepages") - count("surplus_hugepages")),
    )


def any_available(pools: Iterable[HugePagePool]) -> bool:
    return any(pool.free + pool.overcommit > 0 for pool in pools)


def reserve_command(pools: Iterable[HugePagePool]) -> str:
    """The shell command that adds a gibibyte of the smallest huge pages."""
    smallest = min(pools, key=lambda pool: pool.size_kib, default=HugePagePool(2048, 0, 0, 0))
    pages = smallest.total + max(1, GIB_IN_KIB // smallest.size_kib)
    return f"echo {pages} | sudo tee {SYSFS}/hugepages-{smallest.size_kib}kB/nr_hugepages"


NODES = "/sys/devices/system/node"
_UNITS_IN_KIB = {"": 1, "K": 1, "M": 1 << 10, "G": 1 << 20}


@dataclass(frozen=True, slots=True)
class NodePool:
    """Pages of one size on one node; `node` is None on a kernel without NUMA. Their number is set in
    `directory`."""

    node: int | None
    page_kib: int
    total: int
    free: int
    directory: str


@dataclass(frozen=True, slots=True)
class HugeMount:
    directory: str
    page_kib: int
    permissions: Permissions | None


@dataclass(frozen=True, slots=True)
class Memory:
    total_kib: int
    default_page_kib: int
    pools: tuple[NodePool, ...]
    mounts: tuple[HugeMount, ...]


def advised_kib(memory: Memory) -> int:
    """How much to reserve if nobody says: 1 GiB, which is twice what one port needs; on a small machine, a
    quarter of its memory."""
    return min(1 << 20, memory.total_kib // 4) // 2048 * 2048


def read_memory(tree: Tree) -> Memory:
    lines = (line.split() for line in tree.lines("/proc/meminfo"))
    figures = {words[0].rstrip(":"): int(words[1]) for words in lines if len(words) > 1}
    default_page_kib = figures.get("Hugepagesize", 2048)
    return Memory(
        total_kib=figures.get("MemTotal", 0),
        default_page_kib=default_page_kib,
        pools=tuple(_read_pools(tree)),
        mounts=_read_mounts(tree, default_page_kib),
    )


def _read_pools(tree: Tree) -> list[NodePool]:
    numbers = sorted(int(name[4:]) for name in tree.names(NODES) if re.fullmatch(r"node\d+", name))
    places = [(node, f"{NODES}/node{node}/hugepages") for node in numbers]
    pools = [pool for node, place in places for pool in _pools_in(tree, node, place)]
    return pools or _pools_in(tree, None, "/sys/kernel/mm/hugepages")


def _pools_in(tree: Tree, node: int | None, place: str) -> list[NodePool]:
    pools = []
    for name in tree.names(place):
        directory = f"{place}/{name}"
        total, free = tree.number(f"{directory}/nr_hugepages"), tree.number(f"{directory}/free_hugepages")
        if total is not None and free is not None:
            page_kib = int(name.removeprefix("hugepages-").removesuffix("kB"))
            pools.append(NodePool(node, page_kib, total, free, directory))
    return sorted(pools, key=lambda pool: pool.page_kib)


def _read_mounts(tree: Tree, default_page_kib: int) -> tuple[HugeMount, ...]:
    mounts = []
    for line in tree.lines("/proc/mounts"):
        _, directory, kind, options, *_ = line.split()
        if kind == "hugetlbfs":
            size = re.search(r"pagesize=(\d+)([KMG]?)", options)
            page_kib = int(size[1]) * _UNITS_IN_KIB[size[2]] if size else default_page_kib
            mounts.append(HugeMount(directory, page_kib, tree.permissions(directory)))
    return tuple(mounts)
