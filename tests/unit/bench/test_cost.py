import pytest
from bench.callgrind import Count, Dump
from bench.cost import CostRow, CostTable, row_of

OURS, PMD, MBUF = "/build/libcost.so", "/pmds/librte_net_ring.so.23", "/lib/librte_mbuf.so.23"
TX = "/src/native/stack/tx.c"


def test_a_row_holds_our_code_with_what_is_inlined_and_its_callees_apart() -> None:
    dump = Dump(
        "send 1344 2 device",
        (
            Count(OURS, "send_frames", TX, 100),
            Count(OURS, "send_frames", "/usr/include/dpdk/rte_mempool.h", 20),
            Count(OURS, "send_frames", "/usr/include/dpdk/rte_memcpy.h", 300),
            Count(OURS, "send_frames", "/usr/lib/gcc/include/emmintrin.h", 50),
            Count(OURS, "send_burst", "/src/bench/native/cost.c", 9),
            Count(MBUF, "rte_pktmbuf_free_bulk", "???", 40),
            Count(PMD, "eth_ring_tx", "???", 70),
        ),
    )
    assert row_of(dump) == CostRow("send", 1344, 2, "device", ours=120, copy=350, libraries=40)


def test_a_table_reads_back_from_its_json() -> None:
    table = CostTable("GNU 12.2.0", "DPDK 22.11", (CostRow("receive", 32, 1, "device", 10, 0, 5),))
    assert CostTable.from_json(table.to_json()) == table


def test_a_row_is_found_by_direction_and_length() -> None:
    row = CostRow("receive", 32, 32, "device", 10, 0, 5)
    table = CostTable("GNU 12.2.0", "DPDK 22.11", (row,))
    assert table.row("receive", 32) == row
    with pytest.raises(KeyError):
        table.row("send", 32)
