"""Two interfaces in one loop: each has its own link, neighbours and restarts, and holds up no other."""

import logging
from ipaddress import IPv4Address

import pytest
from tests.unit.control.fakes import (
    IDENTITY,
    MS,
    OTHER_MAC,
    PEER,
    PEER_MAC,
    SECOND,
    FakeDataPlane,
    ManualClock,
    arp_reply,
    unaddressed,
)

from aeron_dpdk.control.data_plane import Count, FrameReceived, Unresolved
from aeron_dpdk.control.loop import HELD_PAUSE_NS, ControlLoop
from aeron_dpdk.control.routing import Identity, Routing

FURTHER = IPv4Address("10.1.0.1")
FURTHER_PEER = IPv4Address("10.1.0.2")
FURTHER_IDENTITY = Identity(OTHER_MAC, Routing(FURTHER, 24, None))


class Two:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.first = FakeDataPlane(self.clock)
        self.further = FakeDataPlane(self.clock)
        self.loop = ControlLoop(self.first, IDENTITY, self.clock, prefix="dpdk0: ")
        self.loop.add(self.further, FURTHER_IDENTITY, prefix="dpdk1: ")
        self.pass_time(3 * SECOND)

    def pass_time(self, duration_ns: int) -> None:
        for _ in range(duration_ns // MS):
            self.clock.now_ns += MS
            self.loop.tick()

    def sent(self) -> tuple[list[bytes], list[bytes]]:
        return self.first.take_sent(), self.further.take_sent()


@pytest.fixture
def two() -> Two:
    made = Two()
    made.sent()
    return made


def test_each_asks_on_its_own_link_and_learns_there(two: Two) -> None:
    two.further.events.append(Unresolved(FURTHER_PEER, unaddressed(b"")))
    two.pass_time(MS)
    asked_first, asked_further = two.sent()
    assert (len(asked_first), len(asked_further)) == (0, 1)
    reply = arp_reply(FURTHER_PEER, PEER_MAC, FURTHER, OTHER_MAC)
    two.further.events.append(FrameReceived(reply))
    two.pass_time(MS)
    assert two.further.neighbours == {FURTHER_PEER: PEER_MAC}
    assert two.first.neighbours == {}


def test_a_port_that_does_not_come_back_leaves_the_other_interface_at_work(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    two.further.is_reset_requested = True
    two.further.reset_steps.extend((True, OSError("told to fail")))
    with caplog.at_level(logging.WARNING):
        two.pass_time(3 * MS)
    first, further = two.loop.interfaces
    assert first.port_is_usable
    assert not further.port_is_usable
    assert "dpdk1: restarting the port" in caplog.text
    assert "dpdk1: port restart failed" in caplog.text
    assert (two.first.counts[Count.CONTROL_ERRORS], two.further.counts[Count.CONTROL_ERRORS]) == (0, 1)
    two.first.events.append(Unresolved(PEER, unaddressed(b"")))
    two.further.events.append(Unresolved(FURTHER_PEER, unaddressed(b"")))
    two.pass_time(MS)
    assert [len(each) for each in two.sent()] == [1, 0]


def test_while_one_port_is_held_the_loop_sleeps_for_the_others(two: Two) -> None:
    two.further.is_reset_requested = True
    two.further.reset_steps.extend((True, OSError("told to fail")))
    two.pass_time(3 * MS)
    began_ns = two.clock.now_ns
    turns = iter(range(20))
    two.loop.run(lambda: next(turns, None) is None)
    assert len(two.first.sleeps) > 0
    assert two.clock.now_ns - began_ns <= 20 * HELD_PAUSE_NS
    assert two.further.sleeps == []


def test_of_two_that_share_a_port_one_restarts_it_and_both_announce_themselves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = ManualClock()
    first, guest = FakeDataPlane(clock), FakeDataPlane(clock)
    loop = ControlLoop(first, IDENTITY, clock, prefix="dpdk0: ")
    loop.add(guest, FURTHER_IDENTITY, prefix="dpdk0.100: ", host=0)
    for _ in range(3 * SECOND // MS):
        clock.now_ns += MS
        loop.tick()
    first.take_sent(), guest.take_sent()
    first.is_reset_requested = True
    first.reset_steps.extend((True, False))
    usable = []
    with caplog.at_level(logging.WARNING):
        for _ in range(4):
            clock.now_ns += MS
            loop.tick()
            usable.append([each.port_is_usable for each in loop.interfaces])
    assert [False, False] in usable and usable[-1] == [True, True]
    assert all(one == other for one, other in usable)
    assert [len(each.take_sent()) > 0 for each in (first, guest)] == [True, True]
    assert (first.counts[Count.PORT_RESETS], guest.counts[Count.PORT_RESETS]) == (1, 1)
    assert "dpdk0: restarting the port" in caplog.text
    assert "dpdk0.100: restarting" not in caplog.text


def test_a_link_that_comes_up_is_handled_on_its_interface_alone(
    two: Two, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        two.further.is_up = False
        two.pass_time(SECOND // 5)
        two.further.is_up = True
        two.pass_time(SECOND // 5)
    assert [len(each) > 0 for each in two.sent()] == [False, True]
    assert "dpdk1: the link is up" in caplog.text
    assert "dpdk0" not in caplog.text
    assert (two.first.counts[Count.LINK_CHANGES], two.further.counts[Count.LINK_CHANGES]) == (0, 2)


def test_both_leave_their_groups_at_the_end(two: Two) -> None:
    for each in (two.first, two.further):
        each.hear(IPv4Address("224.0.1.5"))
    two.pass_time(2 * SECOND)
    two.sent()
    two.loop.farewell()
    assert [len(each) for each in two.sent()] == [1, 1]
