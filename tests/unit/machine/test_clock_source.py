from pathlib import Path

import pytest

from aeron_dpdk.machine.facts.cpus import CLOCK_SOURCE, clock_source, kernel_trusts_tsc
from aeron_dpdk.machine.tree import Tree


def tree_with(directory: Path, source: str) -> Tree:
    tree = Tree(directory)
    tree.path(CLOCK_SOURCE).parent.mkdir(parents=True)
    tree.path(CLOCK_SOURCE).write_text(f"{source}\n")
    return tree


@pytest.mark.parametrize("source", ["kvm-clock", "hpet", "arch_sys_counter", "xen", "tsc-early"])
def test_only_a_kernel_that_keeps_time_by_the_tsc_trusts_it(tmp_path: Path, source: str) -> None:
    tree = tree_with(tmp_path, source)
    assert clock_source(tree) == source
    assert not kernel_trusts_tsc(tree)


def test_a_kernel_that_keeps_time_by_the_tsc_does(tmp_path: Path) -> None:
    assert kernel_trusts_tsc(tree_with(tmp_path, "tsc"))


def test_a_kernel_that_does_not_say_so_is_not_assumed_to_trust_the_tsc(tmp_path: Path) -> None:
    assert not kernel_trusts_tsc(Tree(tmp_path))
