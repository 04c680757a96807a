"""An ENA that fails while streams run: a port restart, or frames sent again, and nothing lost."""

from collections.abc import Callable
from functools import partial

import pytest
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.model import Faults
from tests.lab.ena.recovery import (
    ADMIN_TIMED_OUT,
    INVALID_RX_REQUEST,
    INVALID_TX_REQUEST,
    KEEP_ALIVE_TIMED_OUT,
    MISSED_COMPLETIONS,
    SHORT_WATCHDOG_MS,
    complete_what_was_not_sent,
    is_left_in_peace,
    recovers,
    stop_keep_alives,
)
from tests.lab.fixtures.driver import PciDriver, Way
from tests.lab.fixtures.guest import settles
from tests.lab.fixtures.traffic import LASTING, SHORT, Stream
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Content

# net_ena resets when half a ring's completions are overdue, and checks completions when a quarter of the ring
# is in use (DPDK drivers/net/ena/ena_ethdev.c): with a small ring even a slow stream gets there.
MORE_THAN_ARE_FORGIVEN = 160
SMALL_RING = Way(settings={"AERON_DPDK_TX_QUEUE_SIZE": "256"})

pytestmark = pytest.mark.parametrize("started", [SMALL_RING], ids=["root"], indirect=True)


def fall_silent(faults: Faults) -> None:
    faults.admin_is_silent = True


def forget_completions(faults: Faults) -> None:
    faults.completions_to_withhold = MORE_THAN_ARE_FORGIVEN


def name_a_request_beyond_the_ring(faults: Faults) -> None:
    faults.buffers_to_corrupt = 1


@pytest.mark.parametrize(
    ("fail", "reason", "content"),
    [
        (fall_silent, ADMIN_TIMED_OUT, LASTING),
        (forget_completions, MISSED_COMPLETIONS, LASTING),
        (complete_what_was_not_sent, INVALID_TX_REQUEST, SHORT),
        (name_a_request_beyond_the_ring, INVALID_RX_REQUEST, SHORT),
    ],
    ids=["admin", "completions", "tx-request", "rx-request"],
)
def test_a_device_that_fails_is_restarted_and_no_stream_is_lost(
    adapter: Adapter,
    started: PciDriver,
    peer: Driver,
    fail: Callable[[Faults], None],
    reason: int,
    content: Content,
) -> None:
    recovers(adapter, started, peer, lambda: fail(adapter.model.faults), {reason}, content)


def test_a_device_without_keep_alives_is_restarted_once_it_says_that_it_should_have_them(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """Newer DPDKs do not listen to hints (test_current_dpdk.py): there the timeout is always six seconds."""
    if is_left_in_peace(adapter):
        hint = partial(adapter.model.hint, SHORT_WATCHDOG_MS)
        recovers(adapter, started, peer, hint, {KEEP_ALIVE_TIMED_OUT}, SHORT)
    else:
        fail = partial(stop_keep_alives, adapter.model.faults)
        recovers(adapter, started, peer, fail, {KEEP_ALIVE_TIMED_OUT}, LASTING)


def test_a_device_that_asks_for_a_reset_and_then_does_nothing_is_restarted(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """No DPDK from 22.11 to 26.07 subscribes to the event: it only sees that nothing comes any more."""
    silence = {KEEP_ALIVE_TIMED_OUT, ADMIN_TIMED_OUT, MISSED_COMPLETIONS}
    recovers(adapter, started, peer, adapter.model.ask_for_a_reset, silence)
    assert not adapter.model.has_been_heard


def test_a_link_that_flaps_loses_no_stream(adapter: Adapter, started: PciDriver, peer: Driver) -> None:
    streams = Stream.both_ways(started, peer, SHORT)
    for is_up in (False, True, False, True):
        adapter.server.call(partial(adapter.model.set_link, is_up=is_up))
    for stream in streams:
        stream.check()


def test_a_burst_of_drops_is_sent_again_and_the_exceeded_allowance_is_counted(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    def drop() -> None:
        adapter.model.faults.frames_to_drop = 100

    streams = Stream.both_ways(started, peer, SHORT)
    adapter.server.call(drop)
    for stream in streams:
        stream.check()
    assert adapter.model.faults.frames_to_drop == 0
    exceeded = adapter.model.metrics.bw_in
    assert exceeded >= 100
    name = "dpdk-xstat: bw_in_allowance_exceeded"
    settles(lambda: started.counters().labelled(name) == exceeded, "the allowance is counted")
