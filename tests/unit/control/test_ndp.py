"""Neighbour discovery with scapy's frames: answers, what is learned, our own addresses, what is ignored."""

from ipaddress import IPv6Address

import pytest
from scapy.layers.inet6 import (
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from tests.unit.control.fakes import OTHER_MAC, OUR_MAC, PEER_MAC, SECOND, START, unaddressed
from tests.unit.control.ipv6_testbed import (
    ALL_NODES,
    FAR6,
    LINK_LOCAL,
    NOBODY6,
    OTHER_HOST6,
    OUR_GROUP,
    OURS6,
    PEER6,
    PEER_LINK_LOCAL,
    Ipv6Testbed,
    advertisement,
    identity,
    sent,
    settled,
    solicitation,
    unsolicited,
)

from aeron_dpdk.control.actions import (
    Action,
    HaveAddress,
    Install,
    ReportConflict,
    SendFrame,
    SendRequest,
    Tally,
)
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.ndp import (
    ADVERTISEMENTS_AT_ONCE,
    ADVERTISEMENTS_PER_SECOND,
    DEFEND_INTERVAL_NS,
    solicitation_frame,
)
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, Mac

IGNORED = (Tally(Count.NDP_IGNORED),)
CONFLICT = Tally(Count.NDP_CONFLICT)
GROUP_MAC = Mac.from_text("33:33:ff:00:00:01")


@pytest.fixture
def testbed() -> Ipv6Testbed:
    return settled()


def only(actions: tuple[Action, ...]) -> Ether:
    [frame] = sent(actions, ICMPv6ND_NA)
    return frame


# ---- answering ----


@pytest.mark.parametrize("target", [OURS6, LINK_LOCAL])
def test_a_solicitation_for_our_address_is_answered_to_its_sender(
    testbed: Ipv6Testbed, target: IPv6Address
) -> None:
    reply = only(testbed.receive(solicitation(target)))
    assert (reply.dst, reply.src) == (str(PEER_MAC), str(OUR_MAC))
    assert (reply[IPv6].src, reply[IPv6].dst, reply[IPv6].hlim) == (str(target), str(PEER6), 255)
    answer = reply[ICMPv6ND_NA]
    assert (answer.tgt, answer.R, answer.S, answer.O) == (str(target), 0, 1, 1)
    assert reply[ICMPv6NDOptDstLLAddr].lladdr == str(OUR_MAC)


def test_a_unicast_solicitation_without_a_mac_is_answered_where_it_came_from(testbed: Ipv6Testbed) -> None:
    """RFC 4861 §4.3: it may leave the option out."""
    reply = only(testbed.receive(solicitation(OURS6, destination=OURS6, names_mac=False)))
    assert reply.dst == str(PEER_MAC)


def test_somebody_elses_probe_for_our_address_is_answered_to_all(testbed: Ipv6Testbed) -> None:
    """RFC 4861 §7.2.4. The other host then does not use the address."""
    reply = only(testbed.receive(solicitation(OURS6, NOBODY6, OTHER_MAC, names_mac=False)))
    assert (reply.dst, reply[IPv6].dst) == ("33:33:00:00:00:01", str(ALL_NODES))
    assert (reply[ICMPv6ND_NA].tgt, reply[ICMPv6ND_NA].S, reply[ICMPv6ND_NA].O) == (str(OURS6), 0, 1)


def test_a_flood_of_solicitations_is_answered_only_at_the_rate_limit(testbed: Ipv6Testbed) -> None:
    frame = solicitation(OURS6)
    actions = [
        action for i in range(20_000) for action in testbed.host.receive(frame, testbed.now_ns + i * 100_000)
    ]
    replies = sum(isinstance(action, SendFrame) for action in actions)
    assert ADVERTISEMENTS_PER_SECOND <= replies <= ADVERTISEMENTS_AT_ONCE + 2 * ADVERTISEMENTS_PER_SECOND
    assert actions.count(Tally(Count.CONTROL_RATE_LIMITED)) == 20_000 - replies


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(solicitation(OURS6, hop_limit=254), id="from beyond a router"),
        pytest.param(advertisement(PEER6, hop_limit=254), id="an advertisement from beyond a router"),
        pytest.param(solicitation(OTHER_HOST6, IPv6Address("fd00::4")), id="for another address"),
        pytest.param(solicitation(OURS6, destination=IPv6Address("ff02::1:ff00:9")), id="to another group"),
        pytest.param(solicitation(OURS6, to=OTHER_MAC), id="to another station"),
        pytest.param(solicitation(OURS6, to=BROADCAST), id="to the broadcast MAC"),
        pytest.param(solicitation(OURS6, mac=OUR_MAC), id="from our own MAC"),
        pytest.param(solicitation(OURS6, mac=GROUP_MAC), id="from a group's MAC"),
        pytest.param(solicitation(OURS6, mac=UNSPECIFIED), id="from the zero MAC"),
        pytest.param(solicitation(OURS6, IPv6Address("::1")), id="from loopback"),
        pytest.param(solicitation(OURS6, IPv6Address("ff02::5")), id="from a group"),
        pytest.param(solicitation(OURS6, NOBODY6), id="a probe with a MAC"),
        pytest.param(
            solicitation(OURS6, NOBODY6, destination=OURS6, names_mac=False), id="a probe to us alone"
        ),
        pytest.param(advertisement(OTHER_HOST6), id="an unsolicited advertisement"),
        pytest.param(advertisement(PEER6, destination=ALL_NODES), id="solicited, yet sent to all"),
        pytest.param(advertisement(PEER6, names_mac=False), id="an answer that names no MAC"),
    ],
)
def test_garbage_is_ignored_not_answered(testbed: Ipv6Testbed, frame: EthernetFrame) -> None:
    testbed.host.neighbours.send(PEER6, unaddressed(b""), testbed.now_ns)
    assert testbed.receive(frame) == IGNORED
    assert OTHER_HOST6 not in testbed.host.neighbours


# ---- asking and learning ----


def test_a_solicitation_goes_to_the_group_of_the_address_or_to_the_neighbour_alone() -> None:
    to_all = ("33:33:ff:00:00:02", "ff02::1:ff00:2")
    for mac, ends in ((None, to_all), (PEER_MAC, (str(PEER_MAC), str(PEER6)))):
        seen = Ether(solicitation_frame(identity(), PEER6, mac))
        assert (seen.dst, seen[IPv6].dst) == ends
        assert (seen[IPv6].src, seen[IPv6].hlim, seen[ICMPv6ND_NS].tgt) == (str(OURS6), 255, str(PEER6))
        assert seen[ICMPv6NDOptSrcLLAddr].lladdr == str(OUR_MAC)


def test_a_link_local_neighbour_is_asked_from_our_link_local_address() -> None:
    assert Ether(solicitation_frame(identity(), PEER_LINK_LOCAL, None))[IPv6].src == str(LINK_LOCAL)


@pytest.mark.parametrize("override", [True, False])
def test_the_answer_to_our_solicitation_installs_the_neighbour(testbed: Ipv6Testbed, override: bool) -> None:
    testbed.host.neighbours.send(PEER6, unaddressed(b""), testbed.now_ns)
    assert Install(PEER6, PEER_MAC) in testbed.receive(advertisement(PEER6, override=override))


def test_an_answer_that_names_no_mac_confirms_the_one_it_came_from(testbed: Ipv6Testbed) -> None:
    """RFC 4861 §4.4."""
    testbed.resolve(PEER6, PEER_MAC)
    testbed.now_ns += 31 * SECOND
    testbed.data_plane.used.add(PEER6)
    assert SendRequest(PEER6, PEER_MAC) in testbed.host.advance(testbed.now_ns)
    assert testbed.receive(advertisement(PEER6, names_mac=False)) == (Install(PEER6, PEER_MAC),)


def test_solicitations_from_other_hosts_create_no_neighbours(testbed: Ipv6Testbed) -> None:
    for i in range(100):
        testbed.receive(solicitation(OURS6, OTHER_HOST6 + i))
    assert len(testbed.host.neighbours) == 0


def test_a_host_off_the_link_is_answered_but_not_learned(testbed: Ipv6Testbed) -> None:
    only(testbed.receive(solicitation(OURS6, FAR6)))
    assert FAR6 not in testbed.host.neighbours


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(unsolicited(PEER6), id="unsolicited, with override"),
        pytest.param(advertisement(PEER6, OTHER_MAC), id="falsely marked as solicited"),
        pytest.param(solicitation(OTHER_HOST6, PEER6, OTHER_MAC), id="a solicitation for another address"),
    ],
)
def test_a_packet_with_another_mac_only_makes_us_probe_the_old_one(
    testbed: Ipv6Testbed, frame: EthernetFrame
) -> None:
    testbed.resolve(PEER6, PEER_MAC)
    testbed.now_ns += 2 * SECOND
    assert testbed.receive(frame) == (SendRequest(PEER6, PEER_MAC),)


def test_a_neighbour_that_asks_for_us_from_another_mac_is_answered_and_probed(testbed: Ipv6Testbed) -> None:
    testbed.resolve(PEER6, PEER_MAC)
    testbed.now_ns += 2 * SECOND
    reply, probe = testbed.receive(solicitation(OURS6, mac=OTHER_MAC))
    assert isinstance(reply, SendFrame)
    assert probe == SendRequest(PEER6, PEER_MAC)


# ---- our own addresses ----


def test_each_address_is_probed_for_duplicates_before_it_is_used() -> None:
    """RFC 4862 §5.4.2."""
    testbed = Ipv6Testbed()
    actions = testbed.pass_time(SECOND // 2)
    owned = [each for each in actions if isinstance(each, HaveAddress)]
    assert [(each.own.ip, each.is_usable) for each in owned] == [(OURS6, False), (LINK_LOCAL, False)]
    probes = sent(actions, ICMPv6ND_NS)
    assert [(each[IPv6].src, each[IPv6].dst, each[IPv6].hlim) for each in probes] == [
        (str(NOBODY6), str(OUR_GROUP), 255)
    ] * 2
    assert [each[ICMPv6ND_NS].tgt for each in probes] == [str(OURS6), str(LINK_LOCAL)]
    assert not any(ICMPv6NDOptSrcLLAddr in each for each in probes)
    assert {each.dst for each in probes} == {str(GROUP_MAC)}
    owned = [each for each in testbed.pass_time(SECOND) if isinstance(each, HaveAddress)]
    assert [(each.own.ip, each.is_usable) for each in owned] == [(OURS6, True), (LINK_LOCAL, True)]
    assert testbed.host.duplicates.are_settled
    assert testbed.host.duplicates.found == {}


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(
            advertisement(OURS6, OTHER_MAC, ALL_NODES, solicited=False), id="its owner advertises it"
        ),
        pytest.param(
            solicitation(OURS6, NOBODY6, OTHER_MAC, names_mac=False), id="another host probes for it"
        ),
        pytest.param(solicitation(OTHER_HOST6, OURS6, OTHER_MAC), id="another host solicits from it"),
    ],
)
def test_an_address_that_another_has_is_a_duplicate_and_never_used(frame: EthernetFrame) -> None:
    testbed = Ipv6Testbed()
    testbed.pass_time(SECOND // 2)
    assert testbed.receive(frame) == (CONFLICT,)
    actions = testbed.pass_time(20 * SECOND)
    assert testbed.host.duplicates.found == {OURS6: OTHER_MAC}
    assert [each.own.ip for each in actions if isinstance(each, HaveAddress)] == [LINK_LOCAL]
    assert [each[ICMPv6ND_NA].tgt for each in sent(actions, ICMPv6ND_NA)] == [str(LINK_LOCAL)] * 2
    assert testbed.receive(solicitation(OURS6)) == IGNORED


def test_our_own_probe_coming_back_is_no_duplicate() -> None:
    testbed = Ipv6Testbed()
    [probe, _] = sent(testbed.pass_time(SECOND // 2), ICMPv6ND_NS)
    assert testbed.receive(EthernetFrame.parse(bytes(probe))) == IGNORED
    assert testbed.host.duplicates.found == {}


def test_a_solicitation_for_an_address_that_is_being_probed_is_not_answered() -> None:
    """RFC 4862 §5.4.3."""
    testbed = Ipv6Testbed()
    testbed.pass_time(SECOND // 2)
    assert testbed.receive(solicitation(OURS6)) == IGNORED


def test_probing_begins_again_when_the_link_comes_up_meanwhile() -> None:
    testbed = Ipv6Testbed()
    testbed.pass_time(SECOND // 2)
    testbed.host.link_came_up(testbed.now_ns)
    assert len(sent(testbed.pass_time(SECOND * 9 // 10), ICMPv6ND_NS)) == 2
    assert not testbed.host.duplicates.are_settled
    testbed.pass_time(SECOND)
    assert testbed.host.duplicates.are_settled


def test_a_probe_on_a_link_that_is_down_delays_no_start_and_is_made_again_when_the_link_comes_up() -> None:
    """RFC 4862 §5.4: once the interface is up, and before its addresses are used there."""
    testbed = Ipv6Testbed()
    testbed.host.link_went_down()
    testbed.pass_time(20 * SECOND)
    assert testbed.host.duplicates.are_settled
    testbed.host.link_came_up(testbed.now_ns)
    actions = testbed.pass_time(SECOND // 2)
    owned = [each for each in actions if isinstance(each, HaveAddress)]
    assert [(each.own.ip, each.is_usable) for each in owned] == [(OURS6, False), (LINK_LOCAL, False)]
    assert [each[ICMPv6ND_NS].tgt for each in sent(actions, ICMPv6ND_NS)] == [str(OURS6), str(LINK_LOCAL)]
    assert not sent(actions, ICMPv6ND_NA) and not sent(actions, ICMPv6ND_RS)
    assert {each[IPv6].src for each in sent(actions, ICMPv6MLReport2)} == {str(NOBODY6)}
    later = testbed.pass_time(SECOND)
    assert [each.is_usable for each in later if isinstance(each, HaveAddress)] == [True, True]
    assert sent(later, ICMPv6ND_NA) and sent(later, ICMPv6ND_RS)
    assert str(LINK_LOCAL) in {each[IPv6].src for each in sent(later, ICMPv6MLReport2)}


def test_an_address_that_turns_out_to_be_anothers_when_the_link_comes_up_is_reported_once_and_not_used() -> (
    None
):
    testbed = Ipv6Testbed()
    testbed.host.link_went_down()
    testbed.pass_time(20 * SECOND)
    testbed.host.link_came_up(testbed.now_ns)
    testbed.pass_time(SECOND // 2)
    assert testbed.receive(unsolicited(OURS6)) == (CONFLICT, ReportConflict(OURS6, OTHER_MAC))
    assert testbed.receive(unsolicited(OURS6)) == (CONFLICT,)
    later = testbed.pass_time(10 * SECOND)
    assert [each.own.ip for each in later if isinstance(each, HaveAddress)] == [LINK_LOCAL]


def test_an_address_that_was_probed_is_kept_when_the_link_comes_back(
    testbed: Ipv6Testbed,
) -> None:
    """Otherwise whoever can make a link flap could take an address with one forged answer."""
    testbed.host.link_went_down()
    testbed.pass_time(SECOND)
    testbed.host.link_came_up(testbed.now_ns)
    assert not [each for each in testbed.pass_time(2 * SECOND) if isinstance(each, HaveAddress)]


def test_our_addresses_are_announced_twice_and_again_when_the_link_comes_up() -> None:
    testbed = Ipv6Testbed()
    testbed.pass_time(SECOND // 2)
    announced = sent(testbed.pass_time(10 * SECOND), ICMPv6ND_NA)
    assert [(each[IPv6].src, each[ICMPv6ND_NA].tgt) for each in announced] == [
        (str(OURS6), str(OURS6)),
        (str(LINK_LOCAL), str(LINK_LOCAL)),
    ] * 2
    assert {(each.dst, each[IPv6].dst, each[ICMPv6ND_NA].O) for each in announced} == {
        ("33:33:00:00:00:01", str(ALL_NODES), 1)
    }
    testbed.host.link_came_up(testbed.now_ns)
    assert len(sent(testbed.pass_time(10 * SECOND), ICMPv6ND_NA)) == 4


@pytest.mark.parametrize("frame", [unsolicited(OURS6), solicitation(PEER6, OURS6, OTHER_MAC)])
def test_another_user_of_our_address_is_counted_reported_and_answered(
    testbed: Ipv6Testbed, frame: EthernetFrame
) -> None:
    conflict, report, announcement = testbed.receive(frame)
    assert (conflict, report) == (CONFLICT, ReportConflict(OURS6, OTHER_MAC))
    assert only((announcement,))[ICMPv6ND_NA].tgt == str(OURS6)
    testbed.now_ns += DEFEND_INTERVAL_NS - 1
    assert testbed.receive(frame) == (CONFLICT,)
    testbed.now_ns += 1
    assert [type(each) for each in testbed.receive(frame)] == [Tally, SendFrame], (
        "one offender is reported once"
    )


def test_an_idle_host_has_no_timer_for_an_hour(testbed: Ipv6Testbed) -> None:
    assert testbed.host.due_ns > START + 3600 * SECOND
