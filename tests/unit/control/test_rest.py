"""When the control loop sleeps, and what it does about a flood that would keep it awake."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from tests.unit.control.fakes import (
    OTHER_HOST,
    OTHER_MAC,
    OURS,
    PEER,
    SECOND,
    arp_request,
    received,
    unaddressed,
)
from tests.unit.control.loop_testbed import Testbed, settled, stop_after

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
def testbed() -> Testbed:
    return settled()


def test_an_idle_loop_turns_once_a_second(testbed: Testbed) -> None:
    assert testbed.run(60 * SECOND) <= 61
    assert testbed.data_plane.pauses == []


def test_the_loop_is_awake_when_a_neighbours_timer_is_due(
    testbed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_ns: list[int] = []

    def transmit(frame: bytes) -> bool:
        asked_ns.append(testbed.clock.now_ns)
        return True

    monkeypatch.setattr(testbed.data_plane, "transmit", transmit)
    testbed.tick(Unresolved(PEER, unaddressed(b"setup")))
    testbed.run(sum(REQUEST_GAPS_NS))
    assert [later - earlier for earlier, later in pairwise(asked_ns)] == list(REQUEST_GAPS_NS[:-1])


def test_after_an_event_the_loop_looks_again_soon_and_then_sleeps(testbed: Testbed) -> None:
    testbed.data_plane.events.extend(received([arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
    testbed.loop.run(stop_after(2))
    assert (testbed.data_plane.pauses, len(testbed.data_plane.sleeps)) == ([SHORT_PAUSE_NS], 1)


@pytest.mark.parametrize("gap", [1, 2, 3], ids="a frame in each of {} turns".format)
def test_a_flood_of_any_rhythm_gets_a_bounded_share_of_the_turns(testbed: Testbed, gap: int) -> None:
    turn = iter(range(1_000_000))

    def flood() -> None:
        if next(turn) % gap == 0:
            testbed.data_plane.events.extend(received([arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
        elif not testbed.data_plane.events:
            testbed.data_plane.sleep = end_at_once  # type: ignore[method-assign]

    def end_at_once(until_ns: int, descriptors: Sequence[int]) -> bool:
        """Ended by the next frame of the flood."""
        return False

    turns = testbed.run(10 * SECOND, flood)
    short = testbed.data_plane.pauses.count(SHORT_PAUSE_NS)
    assert short <= SHORT_PAUSES_AT_ONCE + 10 * SHORT_PAUSES_PER_SECOND
    assert turns <= gap * (10 * SECOND // PAUSE_NS + short) + 1


def test_a_chore_that_always_fails_does_not_keep_the_loop_awake(
    testbed: Testbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("receive")

    monkeypatch.setattr(testbed.data_plane, "receive", fail)
    testbed.data_plane.events.extend(received([arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
    assert testbed.run(SECOND) <= SECOND // PAUSE_NS


def test_while_the_port_is_held_the_loop_turns_by_the_clock_alone(testbed: Testbed) -> None:
    testbed.data_plane.events.extend(received([arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
    testbed.data_plane.reset_steps.append(OSError("rte_eth_dev_start"))
    testbed.data_plane.request_reset()
    testbed.run(SECOND // 2)
    assert not testbed.loop.interfaces[0].port_is_usable
    assert testbed.data_plane.sleeps == []
    assert len(testbed.data_plane.pauses) <= SECOND // 2 // HELD_PAUSE_NS + 3


def test_a_descriptor_that_stays_readable_gets_a_bounded_share_of_the_turns(testbed: Testbed) -> None:
    testbed.loop.listen(5)
    testbed.data_plane.is_readable = True
    assert testbed.run(SECOND) <= 2 * (SECOND // LISTEN_PERIOD_NS) + 2
    assert set(testbed.data_plane.listened) == {(5,), ()}


class Due:
    """A chore that is due once."""

    def __init__(self, due_ns: int) -> None:
        self.due_ns = due_ns
        self.done_ns: list[int] = []

    def step(self, now_ns: int) -> None:
        if now_ns >= self.due_ns:
            self.due_ns = NEVER_NS
            self.done_ns.append(now_ns)


def test_a_chore_is_done_when_it_is_due(testbed: Testbed) -> None:
    due_ns = testbed.clock.now_ns + 123_456_789
    chore = Due(due_ns)
    testbed.loop.attend("a chore", chore)
    testbed.run(SECOND)
    assert chore.done_ns == [due_ns]
