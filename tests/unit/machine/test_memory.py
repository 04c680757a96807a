from pathlib import Path

import pytest

from aeron_dpdk.machine.facts.memory import HugePagePool, any_available, read_huge_pages, reserve_command


def write_pool(root: Path, size_kib: int, **counts: int) -> None:
    directory = root / f"hugepages-{size_kib}kB"
    directory.mkdir()
    names = (
        "nr_hugepages",
        "free_hugepages",
        "resv_hugepages",
        "nr_overcommit_hugepages",
        "surplus_hugepages",
    )
    for name in names:
        (directory / name).write_text(f"{counts.get(name, 0)}\n")


def test_pools_are_read_smallest_first(tmp_path: Path) -> None:
    write_pool(tmp_path, 1048576, nr_hugepages=2, free_hugepages=1)
    write_pool(tmp_path, 2048, nr_hugepages=100, free_hugepages=40, resv_hugepages=10)
    assert read_huge_pages(tmp_path) == (
        HugePagePool(2048, total=100, free=30, overcommit=0),
        HugePagePool(1048576, total=2, free=1, overcommit=0),
    )


def test_pages_that_the_kernel_may_still_add_count(tmp_path: Path) -> None:
    write_pool(tmp_path, 2048, nr_overcommit_hugepages=5, surplus_hugepages=2)
    assert read_huge_pages(tmp_path)[0].overcommit == 3
    assert any_available(read_huge_pages(tmp_path))


def test_reserved_pages_are_not_free(tmp_path: Path) -> None:
    write_pool(tmp_path, 2048, nr_hugepages=4, free_hugepages=4, resv_hugepages=4)
    assert not any_available(read_huge_pages(tmp_path))


def test_a_kernel_without_huge_pages_has_no_pools(tmp_path: Path) -> None:
    assert read_huge_pages(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("pools", "pages", "size"),
    [
        ((HugePagePool(2048, 0, 0, 0), HugePagePool(1048576, 0, 0, 0)), 512, 2048),
        ((HugePagePool(2048, 100, 0, 0),), 612, 2048),
        ((HugePagePool(524288, 1, 0, 0),), 3, 524288),
        ((), 512, 2048),
    ],
)
def test_the_command_adds_a_gibibyte_of_the_smallest_pages(
    pools: tuple[HugePagePool, ...], pages: int, size: int
) -> None:
    path = f"/sys/kernel/mm/hugepages/hugepages-{size}kB/nr_hugepages"
    assert reserve_command(pools) == f"echo {pages} | sudo tee {path}"
