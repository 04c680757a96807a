"""When the control loop sleeps, and what it does about whoever would keep it awake."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from tests.unit.control.fakes import (
    OTHER_MAC,
    OURS,
    PEER,
    SECOND,
    STRANGER,
    arp_request,
    received,
    unaddressed,
)
from tests.unit.control.loop_bed import Bed, settled, stop_after

from aeron_dpdk.control.data_plane import Unresolved
from aeron_dpdk.control.loop import (
    HELD_PAUSE_NS,
    LISTEN_PERIOD_NS,
    PAUSE_NS,
    SHORT_PAUSE_NS,
    SHORT_PAUSES_AT_ONCE,
    SHORT_PAUSES_PER_SECOND,
)
from aeron_dpdk.control.neighbour import REQUEST_GAPS_NS
from aeron_dpdk.control.rate import NEVER_NS


@pytest.fixture
def bed() -> Bed:
    return settled()


def test_an_idle_loop_turns_once_a_second(bed: Bed) -> None:
    assert bed.run(60 * SECOND) <= 61
    assert bed.data_plane.pauses == []


def test_the_loop_is_awake_when_a_neighbours_timer_is_due(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    asked_ns: list[int] = []

    def transmit(frame: bytes) -> bool:
        asked_ns.append(bed.clock.now_ns)
        return True

    monkeypatch.setattr(bed.data_plane, "transmit", transmit)
    bed.tick(Unresolved(PEER, unaddressed(b"setup")))
    bed.run(sum(REQUEST_GAPS_NS))
    assert [later - earlier for earlier, later in pairwise(asked_ns)] == list(REQUEST_GAPS_NS[:-1])


def test_after_an_event_the_loop_looks_again_soon_and_then_sleeps(bed: Bed) -> None:
    bed.data_plane.events.extend(received([arp_request(STRANGER, OTHER_MAC, OURS)]))
    bed.loop.run(stop_after(2))
    assert (bed.data_plane.pauses, len(bed.data_plane.sleeps)) == ([SHORT_PAUSE_NS], 1)


@pytest.mark.parametrize("gap", [1, 2, 3], ids="a frame in each of {} turns".format)
def test_a_flood_of_any_rhythm_gets_a_bounded_share_of_the_turns(bed: Bed, gap: int) -> None:
    turn = iter(range(1_000_000))

    def flood() -> None:
        if next(turn) % gap == 0:
            bed.data_plane.events.extend(received([arp_request(STRANGER, OTHER_MAC, OURS)]))
        elif not bed.data_plane.events:
            bed.data_plane.sleep = end_at_once  # type: ignore[method-assign]

    def end_at_once(until_ns: int, descriptors: Sequence[int]) -> bool:
        """Rung by the next frame of the flood."""
        return False

    turns = bed.run(10 * SECOND, flood)
    short = bed.data_plane.pauses.count(SHORT_PAUSE_NS)
    assert short <= SHORT_PAUSES_AT_ONCE + 10 * SHORT_PAUSES_PER_SECOND
    assert turns <= gap * (10 * SECOND // PAUSE_NS + short) + 1


def test_a_chore_that_always_fails_does_not_keep_the_loop_awake(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("receive")

    monkeypatch.setattr(bed.data_plane, "receive", fail)
    bed.data_plane.events.extend(received([arp_request(STRANGER, OTHER_MAC, OURS)]))
    assert bed.run(SECOND) <= SECOND // PAUSE_NS


def test_while_the_port_is_held_the_loop_turns_by_the_clock_alone(bed: Bed) -> None:
    bed.data_plane.events.extend(received([arp_request(STRANGER, OTHER_MAC, OURS)]))
    bed.data_plane.reset_steps.append(OSError("rte_eth_dev_start"))
    bed.data_plane.request_reset()
    bed.run(SECOND // 2)
    assert not bed.loop.interfaces[0].port_is_usable
    assert bed.data_plane.sleeps == []
    assert len(bed.data_plane.pauses) <= SECOND // 2 // HELD_PAUSE_NS + 3


def test_what_keeps_a_descriptor_readable_gets_a_bounded_share_of_the_turns(bed: Bed) -> None:
    bed.loop.listen(5)
    bed.data_plane.is_readable = True
    assert bed.run(SECOND) <= 2 * (SECOND // LISTEN_PERIOD_NS) + 2
    assert set(bed.data_plane.listened) == {(5,), ()}


class Due:
    """A chore that is wanted at one moment."""

    def __init__(self, due_ns: int) -> None:
        self.due_ns = due_ns
        self.done_ns: list[int] = []

    def step(self, now_ns: int) -> None:
        if now_ns >= self.due_ns:
            self.due_ns = NEVER_NS
            self.done_ns.append(now_ns)


def test_a_chore_is_done_when_it_is_due(bed: Bed) -> None:
    due_ns = bed.clock.now_ns + 123_456_789
    chore = Due(due_ns)
    bed.loop.attend("a chore", chore)
    bed.run(SECOND)
    assert chore.done_ns == [due_ns]
