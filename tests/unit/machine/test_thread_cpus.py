from pathlib import Path

import pytest

from aeron_dpdk.errors.measure import TooFewCpusError
from aeron_dpdk.machine.facts.cpus import parse_cpu_list
from aeron_dpdk.machine.thread_cpus import core_pair


def machine(directory: Path, siblings: dict[int, str]) -> Path:
    for cpu, text in siblings.items():
        topology = directory / f"cpu{cpu}" / "topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{text}\n")
    return directory


def test_hyper_threads_of_one_core_are_not_a_pair(tmp_path: Path) -> None:
    root = machine(tmp_path, {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    assert core_pair(frozenset(range(4)), root) == (0, 2)


def test_neighbouring_cpus_pair_where_siblings_are_far_apart(tmp_path: Path) -> None:
    root = machine(tmp_path, {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"})
    assert core_pair(frozenset(range(4)), root) == (0, 1)


def test_only_allowed_cpus_are_taken(tmp_path: Path) -> None:
    root = machine(tmp_path, {cpu: str(cpu) for cpu in range(8)})
    assert core_pair(frozenset({5, 7}), root) == (5, 7)


def test_a_single_core_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooFewCpusError, match=r"2 CPU\(s\)"):
        core_pair(frozenset({0, 1}), machine(tmp_path, {0: "0-1", 1: "0-1"}))


def test_the_kernels_lists_are_read() -> None:
    assert parse_cpu_list("0-2,8,10-11\n") == {0, 1, 2, 8, 10, 11}
    assert parse_cpu_list("\n") == frozenset()
