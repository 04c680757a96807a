"""The limits of the neighbour table: of entries, of searches, of probes per tick."""

from ipaddress import IPv4Address

import pytest
from tests.unit.control.fakes import (
    GATEWAY,
    MS,
    OTHER_MAC,
    OURS,
    PEER_MAC,
    SECOND,
    START,
    unaddressed,
)
from tests.unit.control.neighbours_testbed import NeighboursTestbed as Testbed

from aeron_dpdk.control.actions import DropParked, Forget, SendParked, SendRequest
from aeron_dpdk.control.neighbour import (
    REQUEST_GAPS_NS,
    SEQUENCE_GAP_NS,
    NeighbourState,
    addressed,
)
from aeron_dpdk.control.neighbours import EVICTION_SCAN, MAX_NEIGHBOURS
from aeron_dpdk.control.routing import Routing

FRAME = unaddressed(b"one")


def peers(count: int, first: str = "10.1.0.1") -> list[IPv4Address]:
    return [IPv4Address(first) + i for i in range(count)]


@pytest.fixture
def full() -> Testbed:
    testbed = Testbed(Routing(OURS, 8, None))
    for peer in peers(MAX_NEIGHBOURS):
        testbed.table.send(peer, FRAME, START)
        testbed.table.replied(peer, PEER_MAC, START)
    testbed.now_ns += 2 * SECOND
    return testbed


def test_a_full_table_gives_up_its_least_recently_used_neighbour(full: Testbed) -> None:
    oldest, used = peers(2)
    full.used.add(oldest)
    actions = full.table.send(GATEWAY, FRAME, full.now_ns)
    assert actions == (Forget(used), SendRequest(GATEWAY, None))
    assert oldest in full.table
    assert len(full.table) == MAX_NEIGHBOURS


def test_a_table_full_of_used_neighbours_accepts_no_more(full: Testbed) -> None:
    full.used.update(peers(MAX_NEIGHBOURS))
    for _ in range(100):
        assert full.table.send(GATEWAY, FRAME, full.now_ns) == (DropParked(1),)
    assert full.table.hint(GATEWAY, PEER_MAC, full.now_ns) == ()
    assert len(full.table) == MAX_NEIGHBOURS


def test_unused_neighbours_behind_used_ones_are_found_by_bounded_searches(full: Testbed) -> None:
    in_front = peers(2 * EVICTION_SCAN)
    full.used.update(in_front)
    for _ in range(2):
        assert full.table.send(GATEWAY, FRAME, full.now_ns) == (DropParked(1),)
    victim = peers(1, first=str(in_front[-1] + 1))[0]
    assert full.table.send(GATEWAY, FRAME, full.now_ns) == (Forget(victim), SendRequest(GATEWAY, None))


def test_a_neighbour_just_asked_for_keeps_its_place_so_that_it_is_not_asked_for_again(full: Testbed) -> None:
    assert full.table.send(GATEWAY, FRAME, START + MS) == (DropParked(1),)


def test_frames_that_wait_for_a_neighbour_that_returned_are_not_lost_to_eviction(full: Testbed) -> None:
    silent, victim = peers(2)
    full.table.heard(silent, OTHER_MAC, full.now_ns)
    full.pass_time(sum(REQUEST_GAPS_NS))
    assert full.of(silent).state is NeighbourState.FAILED
    full.table.heard(silent, PEER_MAC, full.now_ns)
    full.table.send(silent, FRAME, full.now_ns)

    full.pass_time(sum(REQUEST_GAPS_NS[:-1]) + SEQUENCE_GAP_NS)
    assert full.table.send(GATEWAY, FRAME, full.now_ns) == (Forget(victim), SendRequest(GATEWAY, None))
    assert SendParked((addressed(FRAME, PEER_MAC),)) in full.table.replied(silent, PEER_MAC, full.now_ns)


def test_frames_that_wait_are_never_lost_to_eviction() -> None:
    testbed = Testbed(Routing(OURS, 8, None))
    for peer in peers(MAX_NEIGHBOURS):
        testbed.table.send(peer, FRAME, START)
    assert testbed.table.send(GATEWAY, FRAME, START + 2 * SECOND) == (DropParked(1),)


def test_a_link_flap_spreads_the_probes_of_a_full_table_over_ticks(full: Testbed) -> None:
    counts = [len(full.table.link_came_up(full.now_ns))]
    while full.now_ns >= full.table.due_ns:
        counts.append(len(full.table.advance(full.now_ns)))
    assert sum(counts) == MAX_NEIGHBOURS
    assert max(counts) <= 64
