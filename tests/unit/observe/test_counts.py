"""Every count of the driver is traffic, a drop, back pressure or an event."""

from pathlib import Path

import pytest

import aeron_dpdk
from aeron_dpdk.observe.cnc import AeronCounter
from aeron_dpdk.observe.counts import BACK_PRESSURE, DROPS, EVENTS, TRAFFIC, Counts, counts_in

COUNTERS = [
    AeronCounter(0, 0, 9, "Bytes sent", b"", 0),
    AeronCounter(1, 82, 5, "dpdk-rx-packets", b"", 0),
    AeronCounter(2, 84, 2, "dpdk-rx-missed: the NIC found no free descriptor", b"", 0),
    AeronCounter(3, 92, 7, "dpdk-xstat: bw_in_allowance_exceeded", b"", 0),
    AeronCounter(4, 91, 7, "dpdk-mempool-available: rx", b"", 0),
]


def test_each_count_is_of_exactly_one_kind() -> None:
    kinds = [*TRAFFIC, *DROPS, *BACK_PRESSURE, *EVENTS]
    assert len(kinds) == len(set(kinds))


@pytest.mark.skipif(
    not list(Path(aeron_dpdk.__file__).parent.glob("_native*.so")), reason="the native half is not built"
)
def test_no_count_of_the_driver_is_forgotten() -> None:
    from aeron_dpdk.native import count_names  # noqa: PLC0415 - needs the native half

    # rx-missed is counted by the device.
    assert {*TRAFFIC, *DROPS, *BACK_PRESSURE, *EVENTS} == {*count_names(), "rx-missed"}


def labelled(**values: int) -> list[AeronCounter]:
    return [AeronCounter(id_, 0, value, label, b"", 0) for id_, (label, value) in enumerate(values.items())]


def test_counts_and_xstats_are_distinguished_from_other_counters() -> None:
    [counts] = counts_in(COUNTERS, 1)
    assert counts == Counts({"rx-packets": 5}, {"rx-missed": 2}, {}, {}, {"bw_in_allowance_exceeded": 7})
    assert counts.by_name() == {"rx-packets": 5, "rx-missed": 2}


def test_counts_of_a_kind_keep_the_kinds_order_and_their_zeros() -> None:
    counters = labelled(**{"dpdk-tx-packets": 3, "dpdk-rx-fragment": 0, "dpdk-rx-missed": 2})
    assert list(counts_in(counters, 1)[0].drops.items()) == [("rx-missed", 2), ("rx-fragment", 0)]


def test_a_further_interface_has_its_number_in_its_labels() -> None:
    counters = labelled(
        **{
            "dpdk-rx-packets": 1,
            "dpdk-1-rx-packets": 2,
            "dpdk-1-rx-missed: the NIC found no free descriptor": 3,
            "dpdk-1-xstat: rx_errors: of any kind": 4,
            "dpdk-2-rx-packets": 5,
        }
    )
    first, second = counts_in(counters, 2)
    assert (first.traffic, first.drops, first.xstats) == ({"rx-packets": 1}, {}, {})
    assert (second.traffic, second.drops) == ({"rx-packets": 2}, {"rx-missed": 3})
    assert second.xstats == {"rx_errors: of any kind": 4}


def test_a_stock_driver_has_no_such_counts() -> None:
    assert counts_in([AeronCounter(0, 0, 9, "Bytes sent", b"", 0)], 1) == (Counts({}, {}, {}, {}, {}),)
