"""An ENA that fails under running streams: a restart of the port, or frames sent again, and nothing lost."""

from collections.abc import Callable
from functools import partial

import pytest
from tests.lab.bed.driver import PciDriver, Way
from tests.lab.bed.guest import settles
from tests.lab.bed.traffic import Stream
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.model import Faults
from tests.system.bed.driver import Driver

# ena_regs_reset_reason_types (DPDK drivers/net/ena/base/ena_defs/ena_regs_defs.h)
KEEP_ALIVE_TIMED_OUT, ADMIN_TIMED_OUT, MISSED_COMPLETIONS = 1, 2, 3
INVALID_RX_REQUEST, INVALID_TX_REQUEST = 4, 5
# net_ena resets when half a ring's completions are overdue, and looks at completions when a quarter of
# the ring is in use (DPDK drivers/net/ena/ena_ethdev.c): a small ring lets a slow stream get there.
MORE_THAN_ARE_FORGIVEN = 160
SMALL_RING = Way(settings={"AERON_DPDK_TX_QUEUE_SIZE": "256"})

pytestmark = pytest.mark.parametrize("started", [SMALL_RING], ids=["root"], indirect=True)


def stop_keep_alives(faults: Faults) -> None:
    faults.keep_alives_stop = True


def fall_silent(faults: Faults) -> None:
    faults.admin_is_silent = True


def forget_completions(faults: Faults) -> None:
    faults.completions_to_withhold = MORE_THAN_ARE_FORGIVEN


def complete_what_was_not_sent(faults: Faults) -> None:
    faults.completions_to_corrupt = 1


def name_a_request_beyond_the_ring(faults: Faults) -> None:
    faults.buffers_to_corrupt = 1


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (stop_keep_alives, KEEP_ALIVE_TIMED_OUT),
        (fall_silent, ADMIN_TIMED_OUT),
        (forget_completions, MISSED_COMPLETIONS),
        (complete_what_was_not_sent, INVALID_TX_REQUEST),
        (name_a_request_beyond_the_ring, INVALID_RX_REQUEST),
    ],
)
def test_a_device_that_fails_is_restarted_and_no_stream_is_lost(
    adapter: Adapter, started: PciDriver, peer: Driver, fail: Callable[[Faults], None], reason: int
) -> None:
    model, resets = adapter.model, len(adapter.model.reset_reasons)
    restarts = started.counters().labelled("dpdk-port-resets")
    streams = Stream.both_ways(started, peer)
    adapter.server.call(lambda: fail(model.faults))
    settles(lambda: reason in model.reset_reasons[resets:], "the driver resets the device")
    for stream in streams:
        stream.check()
    assert started.counters().labelled("dpdk-port-resets") == restarts + 1
    said = started.output
    assert said.count("restarting the port") == said.count("the port runs again") == restarts + 1


def test_a_link_that_flaps_loses_no_stream(adapter: Adapter, started: PciDriver, peer: Driver) -> None:
    streams = Stream.both_ways(started, peer)
    for is_up in (False, True, False, True):
        adapter.server.call(partial(adapter.model.set_link, is_up=is_up))
    for stream in streams:
        stream.check()


def test_a_burst_of_drops_is_sent_again(adapter: Adapter, started: PciDriver, peer: Driver) -> None:
    def drop() -> None:
        adapter.model.faults.frames_to_drop = 100

    streams = Stream.both_ways(started, peer)
    adapter.server.call(drop)
    for stream in streams:
        stream.check()
    assert adapter.model.faults.frames_to_drop == 0
