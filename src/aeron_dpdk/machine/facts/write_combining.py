"""How device memory is mapped at this moment (kernel: Documentation/arch/x86/pat.rst)."""

import re
from dataclasses import dataclass

from aeron_dpdk.machine.facts.nics import Bar
from aeron_dpdk.machine.tree import Tree

PAT_LIST = "/sys/kernel/debug/x86/pat_memtype_list"
_ENTRY = re.compile(r"PAT: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] (\S+)|^(\S+) @ 0x([0-9a-f]+)-0x([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class MemoryMapping:
    """`end` is the first byte behind it."""

    start: int
    end: int
    memory_type: str


def read_mappings(tree: Tree) -> tuple[MemoryMapping, ...] | None:
    """None without root or debugfs. Two formats: since Linux 5.2 `PAT: [mem 0x..-0x..] type`, before
    `type @ 0x..-0x..`."""
    if tree.text(PAT_LIST) is None:
        return None
    found = (_ENTRY.match(line) for line in tree.lines(PAT_LIST))
    return tuple(
        MemoryMapping(int(each[1] or each[5], 16), int(each[2] or each[6], 16), each[3] or each[4])
        for each in found
        if each
    )


def types_within(bars: tuple[Bar, ...], mappings: tuple[MemoryMapping, ...]) -> frozenset[str]:
    """How the prefetchable BARs are mapped; empty when nobody has mapped them."""
    return frozenset(
        mapping.memory_type
        for mapping in mappings
        for bar in bars
        if mapping.start <= bar.end and bar.start < mapping.end
    )
