import gc
import logging

import pytest
from scapy.layers.inet import ICMP
from scapy.layers.inet6 import ICMPv6ND_NS
from scapy.layers.l2 import Ether
from tests.unit.control.fakes import (
    MS,
    OTHER_HOST,
    OTHER_MAC,
    OUR_MAC,
    OURS,
    PEER,
    PEER_MAC,
    SECOND,
    arp_reply,
    arp_request,
    arp_sent,
    echo_request,
    gratuitous_arp,
    received,
    unaddressed,
)
from tests.unit.control.ipv6_testbed import LINK_LOCAL, OURS6
from tests.unit.control.ipv6_testbed import identity as ipv6_identity
from tests.unit.control.loop_testbed import Testbed, settled, stop_after

from aeron_dpdk.control.data_plane import Count, FrameReceived, Learned, Unresolved
from aeron_dpdk.control.interface import EVENTS_PER_TICK
from aeron_dpdk.control.neighbour import MAX_PARKED, REQUEST_GAPS_NS, addressed
from aeron_dpdk.wire.arp import ArpOperation
from aeron_dpdk.wire.ethernet import BROADCAST


@pytest.fixture
def testbed() -> Testbed:
    return settled()


# ---- the start ----


def test_the_first_tick_announces_our_address() -> None:
    ((destination, packet),) = arp_sent(Testbed().tick())
    assert destination == BROADCAST
    assert (packet.operation, packet.sender_mac) == (ArpOperation.REQUEST, OUR_MAC)
    assert packet.sender_ipv4 == packet.target_ipv4 == OURS


# ---- events ----


def test_an_arp_request_is_answered_in_the_tick_that_sees_it(testbed: Testbed) -> None:
    ((destination, packet),) = arp_sent(testbed.tick(*received([arp_request(OTHER_HOST, OTHER_MAC, OURS)])))
    assert (destination, packet.operation) == (OTHER_MAC, ArpOperation.REPLY)
    assert testbed.data_plane.counts[Count.ARP_REPLIES_SENT] == 1


def test_a_ping_is_answered_in_the_tick_that_sees_it(testbed: Testbed) -> None:
    (frame,) = testbed.tick(*received([echo_request(PEER, PEER_MAC).emit()]))
    assert Ether(frame)[ICMP].type == 0
    assert testbed.data_plane.counts[Count.ICMP_ECHO_REPLIES] == 1


def test_a_frame_without_a_mac_leaves_once_its_neighbour_answers(testbed: Testbed) -> None:
    frame = unaddressed(b"setup")
    ((destination, request),) = arp_sent(testbed.tick(Unresolved(PEER, frame)))
    assert (destination, request.target_ipv4) == (BROADCAST, PEER)

    assert testbed.tick(*received([arp_reply(PEER, PEER_MAC)])) == [addressed(frame, PEER_MAC)]
    assert testbed.data_plane.neighbours == {PEER: PEER_MAC}
    assert testbed.data_plane.counts[Count.ARP_REQUESTS_SENT] == 2 + 1


def test_a_learned_mac_is_used_at_once_and_probed(testbed: Testbed) -> None:
    ((destination, request),) = arp_sent(testbed.tick(Learned(PEER, PEER_MAC)))
    assert (destination, request.target_ipv4) == (PEER_MAC, PEER)
    assert testbed.data_plane.neighbours == {PEER: PEER_MAC}


def test_a_neighbour_that_does_not_answer_is_given_up_counted_and_logged_once(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        for i in range(MAX_PARKED + 2):
            testbed.tick(Unresolved(PEER, unaddressed(bytes([i]))))
        testbed.pass_time(sum(REQUEST_GAPS_NS) + 3 * SECOND)
    assert testbed.data_plane.counts[Count.ARP_FAILED] == 2
    assert testbed.data_plane.counts[Count.PARKED_DROPPED] == 2 * (MAX_PARKED + 2)
    assert [record.getMessage() for record in caplog.records] == [f"nobody answers ARP for {PEER}"]


def test_a_used_neighbour_that_vanishes_is_forgotten_and_found_again_on_return(testbed: Testbed) -> None:
    testbed.tick(Learned(PEER, PEER_MAC), *received([arp_reply(PEER, PEER_MAC)]))
    for _ in range(34):
        testbed.data_plane.used.add(PEER)
        testbed.pass_time(SECOND)
    assert testbed.data_plane.neighbours == {}

    testbed.tick(*received([gratuitous_arp(PEER, OTHER_MAC)]))
    testbed.tick(*received([arp_reply(PEER, OTHER_MAC)]))
    assert testbed.data_plane.neighbours == {PEER: OTHER_MAC}


def test_a_forged_announcement_redirects_nothing_while_the_neighbour_lives(testbed: Testbed) -> None:
    testbed.tick(Learned(PEER, PEER_MAC), *received([arp_reply(PEER, PEER_MAC)]))
    for _ in range(2000):
        forged = [
            gratuitous_arp(PEER, OTHER_MAC),
            arp_reply(PEER, OTHER_MAC),
            arp_request(PEER, OTHER_MAC, OURS),
        ]
        sent = arp_sent(testbed.tick(*received(forged)))
        if any(destination == PEER_MAC and packet.target_ipv4 == PEER for destination, packet in sent):
            testbed.tick(*received([arp_reply(PEER, PEER_MAC)]))
        assert testbed.data_plane.neighbours == {PEER: PEER_MAC}


def test_an_address_conflict_is_counted_each_time_and_logged_once(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        testbed.tick(*received([gratuitous_arp(OURS, OTHER_MAC)]))
    assert testbed.data_plane.counts[Count.ARP_CONFLICT] == 50
    (record,) = caplog.records
    assert str(OTHER_MAC) in record.getMessage() and str(OURS) in record.getMessage()


# ---- floods and failures ----


def test_a_tick_takes_a_bounded_number_of_events(testbed: Testbed) -> None:
    testbed.data_plane.events.extend(
        received([arp_request(OTHER_HOST, OTHER_MAC, PEER)] * (EVENTS_PER_TICK + 10))
    )
    assert testbed.loop.tick() == EVENTS_PER_TICK
    assert testbed.loop.tick() == 10


def test_an_arp_flood_ends_in_counts_and_nothing_in_the_log(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    flood = received([arp_request(OTHER_HOST, OTHER_MAC, OURS)] * 10_000)
    testbed.data_plane.events.extend(flood)
    while testbed.data_plane.events:
        testbed.tick()
    counts = testbed.data_plane.counts
    assert counts[Count.ARP_REPLIES_SENT] + counts[Count.CONTROL_RATE_LIMITED] == 10_000
    assert counts[Count.ARP_REPLIES_SENT] < 200
    assert testbed.data_plane.neighbours == {}
    assert caplog.records == []


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(bytes(13), id="less than an Ethernet header"),
        pytest.param(arp_request(OTHER_HOST, OTHER_MAC, OURS)[:40], id="a cut ARP packet"),
        pytest.param(echo_request(PEER, PEER_MAC).emit()[:-1], id="a cut ping"),
        pytest.param(OUR_MAC.octets + PEER_MAC.octets + b"\x86\xdd" + bytes(40), id="IPv6"),
    ],
)
def test_a_malformed_frame_is_counted_and_the_next_one_handled(
    testbed: Testbed, frame: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    sent = testbed.tick(*received([frame, arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
    assert testbed.data_plane.counts[Count.CONTROL_MALFORMED] == 1
    assert len(arp_sent(sent)) == 1
    assert caplog.records == []


def test_an_unexpected_error_is_counted_logged_once_per_kind_and_survived(
    testbed: Testbed, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no room in the table")

    with monkeypatch.context() as patch:
        patch.setattr(testbed.data_plane, "neighbour_set", refuse)
        for _ in range(5):
            testbed.tick(Learned(PEER, PEER_MAC), Learned(OTHER_HOST, OTHER_MAC))
            testbed.pass_time(sum(REQUEST_GAPS_NS))
    assert testbed.data_plane.counts[Count.CONTROL_ERRORS] == 10
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        "Learned failed: no room in the table"
    ]
    assert testbed.tick(FrameReceived(arp_request(OTHER_HOST, OTHER_MAC, OURS)))


@pytest.mark.parametrize("chore", ["watch_device", "link", "receive"])
def test_a_failing_chore_does_not_stop_the_others(
    testbed: Testbed, chore: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError(chore)

    monkeypatch.setattr(testbed.data_plane, chore, fail)
    turned, links = testbed.data_plane.device_watches, testbed.data_plane.counts[Count.LINK_CHANGES]
    testbed.data_plane.is_up = False
    testbed.pass_time(2 * SECOND)
    assert testbed.data_plane.counts[Count.CONTROL_ERRORS] >= 2
    assert chore == "link" or testbed.data_plane.counts[Count.LINK_CHANGES] > links
    assert chore == "watch_device" or testbed.data_plane.device_watches > turned


def test_frames_that_the_port_does_not_take_are_not_counted_as_sent(testbed: Testbed) -> None:
    testbed.data_plane.room = 0
    testbed.tick(Unresolved(PEER, unaddressed(b"")), *received([arp_request(OTHER_HOST, OTHER_MAC, OURS)]))
    assert testbed.data_plane.counts[Count.ARP_REQUESTS_SENT] == 2
    assert testbed.data_plane.counts[Count.ARP_REPLIES_SENT] == 0


# ---- the chores ----


def test_dpdk_watches_the_device_once_a_second(testbed: Testbed) -> None:
    turned = testbed.data_plane.device_watches
    testbed.pass_time(10 * SECOND)
    assert testbed.data_plane.device_watches - turned == 10


def test_a_link_flap_is_counted_and_logged_and_our_address_is_announced_again(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    testbed.tick(Learned(PEER, PEER_MAC), *received([arp_reply(PEER, PEER_MAC)]))
    testbed.pass_time(2 * SECOND)
    testbed.data_plane.is_up = False
    assert testbed.pass_time(SECOND) == []
    testbed.data_plane.is_up = True
    sent = [
        (destination, packet.target_ipv4) for destination, packet in arp_sent(testbed.pass_time(SECOND // 2))
    ]

    assert (BROADCAST, OURS) in sent
    assert (PEER_MAC, PEER) in sent
    assert testbed.data_plane.neighbours == {PEER: PEER_MAC}
    assert testbed.data_plane.counts[Count.LINK_CHANGES] == 2
    assert [record.getMessage() for record in caplog.records] == ["the link is down", "the link is up"]


# ---- the port restart that ENA asks for ----


def test_on_a_link_that_is_down_at_the_start_ipv6_addresses_are_probed_for_once_it_is_up() -> None:
    testbed = Testbed(ipv6_identity())
    testbed.data_plane.is_up = False
    testbed.pass_time(3 * SECOND)
    ipv6 = testbed.loop.interfaces[0].ipv6
    assert ipv6 is not None and ipv6.duplicates.are_settled
    testbed.data_plane.is_up = True
    probes = [frame for frame in map(Ether, testbed.pass_time(SECOND)) if ICMPv6ND_NS in frame]
    assert {frame[ICMPv6ND_NS].tgt for frame in probes} == {str(OURS6), str(LINK_LOCAL)}
    assert not ipv6.duplicates.are_settled


def test_after_a_port_restart_our_address_is_announced_and_neighbours_are_probed(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    testbed.tick(Learned(PEER, PEER_MAC), *received([arp_reply(PEER, PEER_MAC)]))
    testbed.pass_time(2 * SECOND)
    testbed.data_plane.reset_steps.extend([True, True, False])
    testbed.data_plane.request_reset()
    sent = [(destination, packet.target_ipv4) for destination, packet in arp_sent(testbed.pass_time(10 * MS))]

    assert sorted(sent, key=str) == sorted([(BROADCAST, OURS), (PEER_MAC, PEER)], key=str)
    assert testbed.data_plane.counts[Count.PORT_RESETS] == 1
    assert [record.getMessage() for record in caplog.records] == [
        "restarting the port",
        "the port runs again",
    ]


def test_during_a_port_restart_nothing_is_sent_and_no_event_taken(testbed: Testbed) -> None:
    testbed.data_plane.reset_steps.extend([True] * 100)
    testbed.data_plane.request_reset()
    request = received([arp_request(OTHER_HOST, OTHER_MAC, OURS)])
    assert testbed.tick(*request) == []
    assert testbed.pass_time(50 * MS) == []
    assert len(testbed.data_plane.events) == 1

    testbed.data_plane.reset_steps.clear()
    replies = [
        packet for _, packet in arp_sent(testbed.pass_time(5 * MS)) if packet.operation is ArpOperation.REPLY
    ]
    assert len(replies) == 1


def test_a_port_that_does_not_restart_is_tried_again_until_it_does(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    testbed.data_plane.reset_steps.extend([OSError("rte_eth_dev_start"), OSError("rte_eth_dev_start"), False])
    testbed.data_plane.request_reset()
    testbed.pass_time(5 * SECOND)
    assert testbed.data_plane.counts[Count.PORT_RESETS] == 1
    assert testbed.data_plane.counts[Count.CONTROL_ERRORS] == 2
    assert caplog.records[-1].getMessage() == "the port runs again"


# ---- running ----


@pytest.mark.parametrize("collector_rests", [True, False])
def test_the_garbage_collector_is_off_only_while_our_own_process_runs_the_loop(
    testbed: Testbed, collector_rests: bool
) -> None:
    seen: list[bool] = []
    testbed.loop.run(stop_after(1, lambda: seen.append(gc.isenabled())), collector_rests=collector_rests)
    assert set(seen) == {not collector_rests}
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_the_control_plane_logs_under_its_own_name(
    testbed: Testbed, caplog: pytest.LogCaptureFixture
) -> None:
    testbed.data_plane.is_up = False
    testbed.pass_time(SECOND)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("aeron_dpdk.control", logging.WARNING)
