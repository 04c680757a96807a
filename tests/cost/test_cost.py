"""The instructions for each frame are those of the committed table, which a change of them has to update."""

import pytest
from bench import ROOT
from bench.cost import KEPT_TABLE, CostTable, count, why_not
from bench.goals import RX_BURST, TX_BURST

REMEDY = (
    "the cost of the data path has changed: see whether it should have, then write the new table with "
    "./dev bench cost --repeats 1 --keep-cost, and commit it with the change"
)


@pytest.fixture(scope="module")
def counted() -> CostTable:
    if reason := why_not():
        pytest.skip(reason)
    return count()


def test_the_counted_instructions_are_those_of_the_table(counted: CostTable) -> None:
    kept = CostTable.from_json(KEPT_TABLE.read_text())
    if (kept.compiler, kept.dpdk) != (counted.compiler, counted.dpdk):
        pytest.skip(f"the table is of {kept.compiler} and {kept.dpdk}")
    expected = {(row.direction, row.message_length, row.frames, row.checksums): row.ours for row in kept.rows}
    found = {(row.direction, row.message_length, row.frames, row.checksums): row.ours for row in counted.rows}
    assert found == expected, REMEDY


def test_the_performance_page_has_the_counts_of_the_table() -> None:
    kept = CostTable.from_json(KEPT_TABLE.read_text())
    received, sent = kept.row("receive", RX_BURST).ours / RX_BURST, kept.row("send", TX_BURST).ours / TX_BURST
    page = (ROOT / "docs" / "performance.md").read_text()
    assert f"{received:.0f} instructions for a received frame" in page
    assert f"{sent:.0f} for a sent one" in page


def test_a_longer_payload_costs_nothing_where_the_device_computes_checksums(counted: CostTable) -> None:
    for direction in ("receive", "send"):
        short, long = (counted.row(direction, 1, length).ours for length in (32, 1344))
        # The jump that leads to the copy of another length is ours.
        assert abs(long - short) <= 2


def test_a_checksum_in_software_is_counted(counted: CostTable) -> None:
    for direction in ("receive", "send"):
        assert counted.row(direction, 1, 1344, "software").ours > counted.row(direction, 1, 1344).ours


def test_a_burst_divides_the_cost_of_a_call_among_its_frames(counted: CostTable) -> None:
    assert counted.row("receive", 32).ours < 32 * counted.row("receive", 1).ours
    assert counted.row("send", 16).ours < 16 * counted.row("send", 1).ours
