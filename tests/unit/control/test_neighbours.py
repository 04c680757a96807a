"""The neighbour table by example. PEER is one that the data path needs, unless a test says otherwise."""

from ipaddress import IPv4Address

import pytest
from tests.unit.control.fakes import (
    MS,
    OTHER_HOST,
    OTHER_MAC,
    OUR_MAC,
    OURS,
    PEER,
    PEER_MAC,
    SECOND,
    START,
    unaddressed,
)
from tests.unit.control.neighbours_testbed import NeighboursTestbed as Testbed

from aeron_dpdk.control.actions import Action, DropParked, Forget, GiveUp, Install, SendParked, SendRequest
from aeron_dpdk.control.neighbour import (
    HOLD_DOWN_NS,
    MAX_PARKED,
    REACHABLE_NS,
    REQUEST_GAPS_NS,
    SEQUENCE_GAP_NS,
    UNICAST_REQUESTS,
    NeighbourState,
    addressed,
)
from aeron_dpdk.control.routing import Routing
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, Mac

FRAME = unaddressed(b"one")


@pytest.fixture
def testbed() -> Testbed:
    return Testbed()


@pytest.fixture
def reachable(testbed: Testbed) -> Testbed:
    testbed.table.send(PEER, FRAME, testbed.now_ns)
    testbed.table.replied(PEER, PEER_MAC, testbed.now_ns)
    testbed.used.add(PEER)
    testbed.pass_time(2 * SECOND)
    return testbed


@pytest.fixture
def failed(testbed: Testbed) -> Testbed:
    testbed.table.send(PEER, FRAME, testbed.now_ns)
    testbed.pass_time(sum(REQUEST_GAPS_NS))
    assert testbed.of().state is NeighbourState.FAILED
    return testbed


# ---- resolving ----


def test_the_first_frame_for_an_unknown_neighbour_asks_for_it_at_once(testbed: Testbed) -> None:
    assert testbed.table.send(PEER, FRAME, START) == (SendRequest(PEER, None),)


def test_further_frames_for_it_send_no_further_request(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    assert testbed.table.send(PEER, FRAME, START + 1) == ()


def test_the_answer_installs_it_and_sends_what_waited_in_order(testbed: Testbed) -> None:
    frames = [unaddressed(text) for text in (b"one", b"two")]
    for frame in frames:
        testbed.table.send(PEER, frame, START)
    assert testbed.table.replied(PEER, PEER_MAC, START + MS) == (
        Install(PEER, PEER_MAC),
        SendParked(tuple(addressed(frame, PEER_MAC) for frame in frames)),
    )


def test_a_waiting_frame_gets_the_destination_mac_and_nothing_else_changes() -> None:
    assert addressed(FRAME, PEER_MAC)[:6] == PEER_MAC.octets
    assert addressed(FRAME, PEER_MAC)[6:] == FRAME[6:]


def test_a_frame_that_comes_late_for_a_known_neighbour_is_sent_on(reachable: Testbed) -> None:
    sent = reachable.table.send(PEER, FRAME, reachable.now_ns)
    assert sent == (SendParked((addressed(FRAME, PEER_MAC),)),)


def test_only_a_few_frames_wait_and_the_oldest_makes_room(testbed: Testbed) -> None:
    frames = [unaddressed(bytes([i])) for i in range(MAX_PARKED + 1)]
    for frame in frames[:-1]:
        assert DropParked(1) not in testbed.table.send(PEER, frame, START)
    assert testbed.table.send(PEER, frames[-1], START) == (DropParked(1),)
    assert SendParked(tuple(addressed(frame, PEER_MAC) for frame in frames[1:])) in testbed.table.replied(
        PEER, PEER_MAC, START
    )


def test_unanswered_requests_are_repeated_at_growing_intervals_and_then_end(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    for gap_ns in REQUEST_GAPS_NS[:-1]:
        assert testbed.pass_time(gap_ns - 10 * MS) == []
        assert testbed.pass_time(10 * MS) == [SendRequest(PEER, None)]
    assert testbed.pass_time(REQUEST_GAPS_NS[-1]) == [DropParked(1), GiveUp(PEER)]


def test_a_failed_neighbour_is_not_asked_for_again_during_the_hold_down(failed: Testbed) -> None:
    assert failed.table.send(PEER, FRAME, failed.now_ns) == (DropParked(1),)
    assert failed.pass_time(HOLD_DOWN_NS - 10 * MS) == []
    assert failed.table.send(PEER, FRAME, failed.now_ns) == (DropParked(1),)


def test_after_the_hold_down_the_next_frame_asks_again(failed: Testbed) -> None:
    failed.pass_time(HOLD_DOWN_NS)
    assert PEER not in failed.table
    assert failed.table.send(PEER, FRAME, failed.now_ns) == (SendRequest(PEER, None),)


@pytest.mark.parametrize(
    "next_hop", [OURS, IPv4Address("10.0.0.255"), IPv4Address("10.0.1.2"), IPv4Address("224.0.0.1")]
)
def test_nothing_is_resolved_that_cannot_be_a_neighbour(testbed: Testbed, next_hop: IPv4Address) -> None:
    assert testbed.table.send(next_hop, FRAME, START) == (DropParked(1),)
    assert testbed.table.hint(next_hop, PEER_MAC, START) == ()
    assert len(testbed.table) == 0


def test_a_gateway_outside_the_prefix_is_a_neighbour() -> None:
    gateway = IPv4Address("192.168.7.1")
    testbed = Testbed(Routing(OURS, 32, gateway))
    assert testbed.table.send(gateway, FRAME, START) == (SendRequest(gateway, None),)


# ---- hints ----


def test_a_hint_for_an_unknown_neighbour_is_used_at_once_and_probed(testbed: Testbed) -> None:
    assert testbed.table.hint(PEER, PEER_MAC, START) == (Install(PEER, PEER_MAC), SendRequest(PEER, PEER_MAC))


def test_a_hint_sends_the_frames_that_wait(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    assert testbed.table.hint(PEER, PEER_MAC, START + MS) == (
        Install(PEER, PEER_MAC),
        SendParked((addressed(FRAME, PEER_MAC),)),
    )


def test_a_hint_right_after_a_request_is_probed_only_when_the_request_is_old_enough(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    testbed.table.hint(PEER, PEER_MAC, START)
    assert testbed.pass_time(SEQUENCE_GAP_NS - 10 * MS) == []
    assert testbed.pass_time(10 * MS) == [SendRequest(PEER, PEER_MAC)]


def test_a_confirmed_hint_is_reachable(testbed: Testbed) -> None:
    testbed.table.hint(PEER, PEER_MAC, START)
    testbed.table.replied(PEER, PEER_MAC, START + MS)
    assert testbed.of().state is NeighbourState.REACHABLE


def test_an_unconfirmed_hint_yields_to_an_answer(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    testbed.table.hint(PEER, OTHER_MAC, START)
    assert testbed.table.replied(PEER, PEER_MAC, START + MS) == (Install(PEER, PEER_MAC),)


def test_a_second_hint_does_not_replace_the_first(testbed: Testbed) -> None:
    testbed.table.hint(PEER, PEER_MAC, START)
    assert testbed.table.hint(PEER, OTHER_MAC, START + MS) == ()


def test_a_hint_never_replaces_a_mac_that_arp_confirmed(reachable: Testbed) -> None:
    assert reachable.table.hint(PEER, OTHER_MAC, reachable.now_ns) == ()
    assert reachable.of().mac == PEER_MAC


def test_a_hint_that_nobody_confirms_is_forgotten(testbed: Testbed) -> None:
    testbed.table.hint(PEER, PEER_MAC, START)
    assert testbed.pass_time(sum(REQUEST_GAPS_NS))[-2:] == [Forget(PEER), GiveUp(PEER)]


@pytest.mark.parametrize(
    "mac", [BROADCAST, UNSPECIFIED, OUR_MAC, Mac.from_text("01:00:5e:00:00:01")], ids=str
)
def test_a_mac_that_no_neighbour_can_have_is_never_learned(testbed: Testbed, mac: Mac) -> None:
    assert testbed.table.hint(PEER, mac, START) == ()
    testbed.table.send(PEER, FRAME, START)
    assert testbed.table.hint(PEER, mac, START) == ()
    assert testbed.table.replied(PEER, mac, START) == ()
    assert testbed.table.asked(PEER, mac, START) == ()


# ---- staying reachable ----


def test_a_used_neighbour_is_probed_by_unicast_before_it_is_forgotten(reachable: Testbed) -> None:
    assert reachable.pass_time(REACHABLE_NS - 2 * SECOND) == [SendRequest(PEER, PEER_MAC)]
    assert reachable.of().is_installed


def test_an_answered_probe_keeps_it_for_another_period(reachable: Testbed) -> None:
    reachable.pass_time(REACHABLE_NS - 2 * SECOND)
    reachable.table.replied(PEER, PEER_MAC, reachable.now_ns)
    assert reachable.pass_time(REACHABLE_NS - 10 * MS) == []
    assert reachable.pass_time(10 * MS) == [SendRequest(PEER, PEER_MAC)]


def test_an_unused_neighbour_ages_out_without_a_packet_on_the_wire(reachable: Testbed) -> None:
    reachable.used.clear()
    assert reachable.pass_time(REACHABLE_NS) == [Forget(PEER)]
    assert PEER not in reachable.table


def test_after_unanswered_probes_the_whole_link_is_asked_and_then_the_neighbour_forgotten(
    reachable: Testbed,
) -> None:
    asked = [SendRequest(PEER, PEER_MAC)] * UNICAST_REQUESTS + [SendRequest(PEER, None)] * (
        len(REQUEST_GAPS_NS) - UNICAST_REQUESTS
    )
    actions = reachable.pass_time(REACHABLE_NS - 2 * SECOND + sum(REQUEST_GAPS_NS))
    assert actions == [*asked, Forget(PEER), GiveUp(PEER)]


def test_a_neighbour_that_returned_with_another_mac_unannounced_is_found_while_the_old_entry_stands(
    reachable: Testbed,
) -> None:
    actions = reachable.pass_time(REACHABLE_NS - 2 * SECOND + sum(REQUEST_GAPS_NS[:UNICAST_REQUESTS]))
    assert actions[-1] == SendRequest(PEER, None)
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == (Install(PEER, OTHER_MAC),)
    assert reachable.of().state is NeighbourState.REACHABLE


# ---- changed MACs, honest and forged ----


def test_an_announced_change_is_followed_within_a_second_when_the_old_mac_is_silent(
    reachable: Testbed,
) -> None:
    changed_ns = reachable.now_ns
    actions = list(reachable.table.heard(PEER, OTHER_MAC, changed_ns))
    while actions[-1:] != [SendRequest(PEER, None)]:
        actions += reachable.pass_time(10 * MS)
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == (Install(PEER, OTHER_MAC),)
    assert reachable.now_ns - changed_ns < SECOND


def test_a_forged_announcement_is_undone_by_the_answer_of_the_old_mac(reachable: Testbed) -> None:
    assert reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns) == (SendRequest(PEER, PEER_MAC),)
    assert reachable.table.replied(PEER, PEER_MAC, reachable.now_ns) == (Install(PEER, PEER_MAC),)


@pytest.mark.parametrize("method", ["heard", "asked", "replied"])
def test_one_forged_packet_of_any_kind_redirects_nothing(reachable: Testbed, method: str) -> None:
    actions = getattr(reachable.table, method)(PEER, OTHER_MAC, reachable.now_ns)
    assert actions == (SendRequest(PEER, PEER_MAC),)
    assert reachable.of().mac == PEER_MAC


def test_a_forged_reply_is_no_answer_to_a_probe_of_the_old_mac(reachable: Testbed) -> None:
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == ()
    assert reachable.of().mac == PEER_MAC


def test_a_stream_of_forged_packets_costs_one_probe_per_second(reachable: Testbed) -> None:
    probes: list[Action] = []
    for _ in range(500):
        probes += reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
        probes += reachable.pass_time(10 * MS)
        if probes and reachable.of().state is NeighbourState.PROBE:
            reachable.table.replied(PEER, PEER_MAC, reachable.now_ns)
    assert len(probes) <= 6
    assert reachable.of().mac == PEER_MAC


def test_packets_that_confirm_a_known_mac_change_nothing(reachable: Testbed) -> None:
    for method in (reachable.table.heard, reachable.table.asked, reachable.table.replied):
        assert method(PEER, PEER_MAC, reachable.now_ns) == ()


def test_another_mac_is_believed_only_after_the_whole_link_was_asked(reachable: Testbed) -> None:
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    reachable.pass_time(REQUEST_GAPS_NS[0])
    assert reachable.of().requests_sent == UNICAST_REQUESTS
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == ()

    assert reachable.pass_time(REQUEST_GAPS_NS[1]) == [SendRequest(PEER, None)]
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == (Install(PEER, OTHER_MAC),)


# ---- floods ----


def test_a_neighbour_whose_answers_are_lost_keeps_its_mac_as_long_as_it_sends_data(
    reachable: Testbed,
) -> None:
    reachable.talking.add(PEER)
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    for _ in range(500):
        reachable.pass_time(10 * MS)
        reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns)
        assert reachable.of().mac == PEER_MAC


def test_a_silent_neighbour_keeps_its_mac_while_answers_may_be_lost_and_is_given_up_after(
    reachable: Testbed,
) -> None:
    reachable.flooded.add(PEER)
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    for _ in range(1500):
        reachable.pass_time(10 * MS)
        reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns)
        assert reachable.of().mac == PEER_MAC
    reachable.flooded.clear()
    assert Forget(PEER) in reachable.pass_time(2 * sum(REQUEST_GAPS_NS))


def test_a_fail_over_that_a_flood_delayed_is_followed_within_seconds_of_its_end(reachable: Testbed) -> None:
    reachable.flooded.add(PEER)
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    reachable.pass_time(10 * SECOND)
    reachable.flooded.clear()
    ended_ns = reachable.now_ns
    while reachable.of().mac == PEER_MAC:
        if SendRequest(PEER, None) in reachable.pass_time(10 * MS):
            reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns)
    assert reachable.of().mac == OTHER_MAC
    assert reachable.now_ns - ended_ns < 8 * SECOND


def test_a_neighbour_keeps_its_mac_while_its_answers_may_be_unread_in_the_port(
    reachable: Testbed,
) -> None:
    reachable.is_starved = True
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    for _ in range(1500):
        reachable.pass_time(10 * MS)
        reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns)
        assert reachable.of().mac == PEER_MAC
    reachable.is_starved = False
    assert Forget(PEER) in reachable.pass_time(2 * sum(REQUEST_GAPS_NS))


def test_frames_in_flight_when_a_neighbour_left_its_mac_confirm_nothing(reachable: Testbed) -> None:
    reachable.table.heard(PEER, OTHER_MAC, reachable.now_ns)
    reachable.heard.add(PEER)
    reachable.pass_time(REQUEST_GAPS_NS[0])
    assert SendRequest(PEER, None) in reachable.pass_time(REQUEST_GAPS_NS[1])
    assert reachable.table.replied(PEER, OTHER_MAC, reachable.now_ns) == (Install(PEER, OTHER_MAC),)


# ---- hosts that the data path does not need ----


def test_a_packet_for_an_address_we_do_not_need_creates_no_entry(testbed: Testbed) -> None:
    for method in (testbed.table.heard, testbed.table.asked, testbed.table.replied):
        assert method(OTHER_HOST, OTHER_MAC, START) == ()
    assert OTHER_HOST not in testbed.table


def test_a_request_from_the_neighbour_we_wait_for_serves_as_a_hint(testbed: Testbed) -> None:
    testbed.table.send(PEER, FRAME, START)
    assert testbed.table.asked(PEER, PEER_MAC, START + MS) == (
        Install(PEER, PEER_MAC),
        SendParked((addressed(FRAME, PEER_MAC),)),
    )


# ---- return ----


def test_a_failed_neighbour_that_announces_itself_is_asked_for_at_once(failed: Testbed) -> None:
    assert failed.table.heard(PEER, PEER_MAC, failed.now_ns) == (SendRequest(PEER, None),)
    assert failed.table.replied(PEER, PEER_MAC, failed.now_ns) == (Install(PEER, PEER_MAC),)


def test_a_failed_neighbour_that_sends_data_is_reachable_at_once(failed: Testbed) -> None:
    assert Install(PEER, PEER_MAC) in failed.table.hint(PEER, PEER_MAC, failed.now_ns)


def test_a_reply_that_comes_too_late_is_asked_for_again_not_believed(failed: Testbed) -> None:
    assert failed.table.replied(PEER, PEER_MAC, failed.now_ns) == (SendRequest(PEER, None),)


def test_when_the_link_returns_known_neighbours_are_probed_and_failed_ones_may_be_asked_for(
    reachable: Testbed,
) -> None:
    reachable.table.send(OTHER_HOST, FRAME, reachable.now_ns)
    reachable.pass_time(sum(REQUEST_GAPS_NS))
    assert reachable.of(OTHER_HOST).state is NeighbourState.FAILED

    assert reachable.table.link_came_up(reachable.now_ns) == (SendRequest(PEER, PEER_MAC),)
    assert reachable.of().is_installed
    assert reachable.table.send(OTHER_HOST, FRAME, reachable.now_ns) == (SendRequest(OTHER_HOST, None),)
