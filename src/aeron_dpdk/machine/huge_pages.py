"""Huge pages as /sys/kernel/mm/hugepages shows them (kernel:
Documentation/admin-guide/mm/hugetlbpage.rst)."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

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
    """By size, smallest first; empty where the kernel has none."""
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
