"""An ENA that fails under running streams: a restart of the port, or frames sent again, and nothing lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import pytest
from tests.lab.bed.driver import PciDriver
from tests.lab.bed.guest import settles
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.model import Ena
from tests.system.bed.bed import next_port, udp
from tests.system.bed.client import ClientProcess, digest_of
from tests.system.bed.driver import Driver

# ena_regs_reset_reason_types (DPDK drivers/net/ena/base/ena_defs/ena_regs_defs.h)
KEEP_ALIVE_TIMED_OUT, MISSED_COMPLETIONS = 1, 3
# net_ena resets when half a ring's completions are overdue, and looks at completions when a quarter of
# the ring is in use (DPDK drivers/net/ena/ena_ethdev.c): a small ring lets a slow stream get there.
TX_QUEUE_SIZE = 256
MORE_THAN_ARE_FORGIVEN = 160


@pytest.fixture(scope="module")
def driver_settings() -> Mapping[str, str]:
    return {"AERON_DPDK_TX_QUEUE_SIZE": f"{TX_QUEUE_SIZE}"}


@dataclass(frozen=True, slots=True)
class Stream:
    publisher: ClientProcess
    subscriber: ClientProcess

    def check(self) -> None:
        """Wait for its end; what came is what was sent."""
        sent = {entry["session_id"]: digest_of(entry) for entry in self.publisher.finish()["publications"]}
        found = self.subscriber.finish()["subscriptions"]
        assert {entry["session_id"]: digest_of(entry) for one in found for entry in one["sources"]} == sent


def begin(source: Driver, sink: Driver) -> Stream:
    """A stream that goes on while something happens to the device."""
    channel = udp(sink.address, next_port())
    subscriber = sink.client("subscribe", channel=channel, messages=2000)
    subscriber.await_event("ready")
    publisher = source.client("publish", channel=channel, messages=2000, min=1, max=3000, interval_us=8000)
    return Stream(publisher, subscriber)


def stop_keep_alives(model: Ena) -> None:
    model.faults.keep_alives_stop = True


def forget_completions(model: Ena) -> None:
    model.faults.completions_to_withhold = MORE_THAN_ARE_FORGIVEN


@pytest.mark.parametrize(
    ("fail", "reason"),
    [
        (stop_keep_alives, KEEP_ALIVE_TIMED_OUT),
        (forget_completions, MISSED_COMPLETIONS),
    ],
)
def test_a_device_that_fails_is_restarted_and_no_stream_is_lost(
    adapter: Adapter, ours: PciDriver, peer: Driver, fail: Callable[[Ena], None], reason: int
) -> None:
    model, resets = adapter.model, len(adapter.model.reset_reasons)
    restarts = ours.counters().labelled("dpdk-port-resets")
    streams = [begin(ours, peer), begin(peer, ours)]
    adapter.server.call(lambda: fail(model))
    settles(lambda: reason in model.reset_reasons[resets:], "the driver resets the device")
    model.faults.keep_alives_stop = False
    for stream in streams:
        stream.check()
    assert ours.counters().labelled("dpdk-port-resets") == restarts + 1
    assert (
        ours.output.count("restarting the port") == ours.output.count("the port runs again") == restarts + 1
    )


def test_a_link_that_flaps_loses_no_stream(adapter: Adapter, ours: PciDriver, peer: Driver) -> None:
    streams = [begin(ours, peer), begin(peer, ours)]
    for is_up in (False, True, False, True):
        adapter.server.call(partial(adapter.model.set_link, is_up=is_up))
    for stream in streams:
        stream.check()


def test_a_burst_of_drops_is_sent_again(adapter: Adapter, ours: PciDriver, peer: Driver) -> None:
    def drop() -> None:
        adapter.model.faults.frames_to_drop = 100

    streams = [begin(ours, peer), begin(peer, ours)]
    adapter.server.call(drop)
    for stream in streams:
        stream.check()
    assert adapter.model.faults.frames_to_drop == 0
