"""An idle control loop keeps no memory: every unmap in the process would interrupt the data path's cores."""

import gc
import tracemalloc

from tests.unit.control.fakes import (
    IDENTITY,
    MS,
    PEER,
    PEER_MAC,
    SECOND,
    FakeDataPlane,
    ManualClock,
    arp_reply,
    received,
)

from aeron_dpdk.control.data_plane import Learned
from aeron_dpdk.control.loop import ControlLoop

TICKS = 10_000


def test_ten_thousand_idle_ticks_keep_nothing_and_never_hold_more_than_a_few_objects() -> None:
    clock = ManualClock()
    data_plane = FakeDataPlane(clock)
    loop = ControlLoop(data_plane, IDENTITY, clock)
    data_plane.events.extend([Learned(PEER, PEER_MAC), *received([arp_reply(PEER, PEER_MAC)])])
    for _ in range(5 * SECOND // MS):
        clock.now_ns += MS
        loop.tick()
    data_plane.take_sent()

    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(TICKS):
            clock.now_ns += MS
            loop.tick()
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()  # empties CPython's free lists too, which keep integers from 3.14 on
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert data_plane.sent == []
    assert after - before < 1024
    assert peak - before < 4096
