"""Every count of the driver is traffic, a drop, back pressure or an event."""

from pathlib import Path

import pytest

import aeron_dpdk
from aeron_dpdk.observe.cnc import Counter
from aeron_dpdk.observe.counts import BACK_PRESSURE, DROPS, EVENTS, TRAFFIC, counts_in, of_kind, xstats_in

COUNTERS = [
    Counter(0, 0, 9, "Bytes sent", b"", 0),
    Counter(1, 82, 5, "dpdk-rx-packets", b"", 0),
    Counter(2, 84, 2, "dpdk-rx-missed: the NIC found no free descriptor", b"", 0),
    Counter(3, 92, 7, "dpdk-xstat: bw_in_allowance_exceeded", b"", 0),
    Counter(4, 91, 7, "dpdk-mempool-available: rx", b"", 0),
]


def test_each_count_is_of_exactly_one_kind() -> None:
    kinds = [*TRAFFIC, *DROPS, *BACK_PRESSURE, *EVENTS]
    assert len(kinds) == len(set(kinds))


@pytest.mark.skipif(
    not list(Path(aeron_dpdk.__file__).parent.glob("_native*.so")), reason="the native half is not built"
)
def test_no_count_of_the_driver_is_forgotten() -> None:
    from aeron_dpdk.native import count_names  # noqa: PLC0415 - needs the native half

    # rx-missed is the device's own.
    assert {*TRAFFIC, *DROPS, *BACK_PRESSURE, *EVENTS} == {*count_names(), "rx-missed"}


def test_counts_and_xstats_are_told_from_other_counters() -> None:
    assert counts_in(COUNTERS) == {"rx-packets": 5, "rx-missed": 2}
    assert xstats_in(COUNTERS) == {"bw_in_allowance_exceeded": 7}


def test_counts_of_a_kind_keep_the_kinds_order_and_their_zeros() -> None:
    counts = {"tx-packets": 3, "rx-fragment": 0, "rx-missed": 2}
    assert list(of_kind(DROPS, counts).items()) == [("rx-missed", 2), ("rx-fragment", 0)]
