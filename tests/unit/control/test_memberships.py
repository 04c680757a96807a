"""What is reported about groups, when, and in which version."""

from ipaddress import IPv4Address

import pytest
from tests.unit.control.fakes import MS, SECOND, START

from aeron_dpdk.control.igmp import ALL_HOSTS
from aeron_dpdk.control.memberships import (
    ANSWERS_AT_ONCE,
    MAX_RECORDS_LENGTH,
    MAX_SOURCES,
    Memberships,
    Message,
    Report,
    Short,
)
from aeron_dpdk.wire.membership import Query, RecordType, ShortMessage

GROUP = IPv4Address("239.1.1.1")
OTHER = IPv4Address("239.1.1.2")
SOURCES = frozenset(IPv4Address(f"10.0.0.{i}") for i in (7, 8))
IS_IN, IS_EX, TO_IN, TO_EX = RecordType
V1_REPORT, V2_REPORT, LEAVE = ShortMessage
Reported = list[tuple[RecordType | ShortMessage, str]]


class Testbed:
    """Memberships whose random delays are as long as possible."""

    def __init__(self) -> None:
        self.now_ns = START
        self.memberships = Memberships(lambda bound: bound - 1, lambda group: group != ALL_HOSTS)

    def hear(self, *groups: IPv4Address) -> Reported:
        self.memberships.follow(groups, self.now_ns)
        return self.pass_time(0)

    def ask(self, version: int = 3, group: IPv4Address | None = None, **fields: object) -> None:
        query = Query(version, group, **{"max_response_ns": 4 * SECOND, **fields})  # type: ignore[arg-type]
        self.memberships.asked(query, self.now_ns)

    def pass_time(self, duration_ns: int) -> Reported:
        """Returns what is reported meanwhile: record type, or message type of the old versions, and group."""
        end_ns = self.now_ns + duration_ns
        reported: Reported = []
        while True:
            if self.now_ns >= self.memberships.due_ns:
                reported += [
                    each for message in self.memberships.advance(self.now_ns) for each in read(message)
                ]
            if self.now_ns >= end_ns:
                return reported
            self.now_ns = min(end_ns, self.now_ns + 10 * MS)


def read(message: Message) -> Reported:
    match message:
        case Short(kind, group):
            return [(kind, str(group))]
        case Report(records):
            return [(each.type, str(each.group)) for each in records]


def about(kind: RecordType | ShortMessage, *groups: IPv4Address) -> Reported:
    return [(kind, str(group)) for group in groups]


@pytest.fixture
def testbed() -> Testbed:
    """GROUP is heard, and has been reported."""
    testbed = Testbed()
    testbed.hear(GROUP)
    testbed.pass_time(30 * SECOND)
    return testbed


def test_a_join_is_reported_at_once_and_again_within_a_second() -> None:
    testbed = Testbed()
    assert testbed.hear(GROUP) == about(TO_EX, GROUP)
    assert testbed.pass_time(SECOND + 10 * MS) == about(TO_EX, GROUP)
    assert testbed.pass_time(100 * SECOND) == []


def test_a_leave_is_reported_at_once_and_again_within_a_second(testbed: Testbed) -> None:
    assert testbed.hear() == about(TO_IN, GROUP)
    assert testbed.pass_time(SECOND + 10 * MS) == about(TO_IN, GROUP)
    assert testbed.pass_time(100 * SECOND) == []


def test_a_group_left_before_its_join_was_repeated_is_reported_as_left_twice() -> None:
    testbed = Testbed()
    testbed.hear(GROUP)
    assert testbed.hear() == about(TO_IN, GROUP)
    assert testbed.pass_time(5 * SECOND) == about(TO_IN, GROUP)


def test_all_hosts_is_never_reported(testbed: Testbed) -> None:
    assert testbed.hear(GROUP, ALL_HOSTS) == []
    testbed.ask(group=ALL_HOSTS)
    assert testbed.pass_time(10 * SECOND) == []


def test_a_querier_that_asks_for_more_robustness_gets_it(testbed: Testbed) -> None:
    testbed.ask(robustness=5)
    testbed.pass_time(10 * SECOND)
    assert testbed.hear(GROUP, OTHER) + testbed.pass_time(10 * SECOND) == about(TO_EX, OTHER) * 5


def test_a_general_query_is_answered_for_each_group_within_its_time(testbed: Testbed) -> None:
    testbed.hear(GROUP, OTHER)
    testbed.pass_time(10 * SECOND)
    testbed.ask()
    assert testbed.pass_time(3 * SECOND) == []
    assert testbed.pass_time(SECOND) == about(IS_EX, GROUP, OTHER)
    assert testbed.pass_time(100 * SECOND) == []


def test_a_host_without_groups_answers_nothing() -> None:
    testbed = Testbed()
    testbed.ask()
    assert testbed.pass_time(10 * SECOND) == []


def test_a_query_for_one_group_is_answered_for_that_one(testbed: Testbed) -> None:
    testbed.hear(GROUP, OTHER)
    testbed.pass_time(10 * SECOND)
    testbed.ask(group=OTHER)
    testbed.ask(group=IPv4Address("239.9.9.9"))
    assert testbed.pass_time(10 * SECOND) == about(IS_EX, OTHER)


def test_a_query_for_sources_is_answered_with_those_sources(testbed: Testbed) -> None:
    testbed.ask(group=GROUP, sources=SOURCES)
    [message] = testbed.memberships.advance(testbed.now_ns + 4 * SECOND)
    assert isinstance(message, Report)
    [record] = message.records
    assert (record.type, record.group, record.sources) == (IS_IN, GROUP, SOURCES)


@pytest.mark.parametrize("first", [SOURCES, frozenset()], ids=["sources first", "group first"])
def test_a_query_for_the_whole_group_widens_one_for_sources(
    testbed: Testbed, first: frozenset[IPv4Address]
) -> None:
    """RFC 3376 §5.2 rule 4."""
    testbed.ask(group=GROUP, sources=first)
    testbed.ask(group=GROUP, sources=SOURCES - first)
    assert testbed.pass_time(10 * SECOND) == about(IS_EX, GROUP)


def test_queries_for_more_sources_than_are_kept_are_answered_for_all(testbed: Testbed) -> None:
    for first in (0, MAX_SOURCES):
        addresses = [IPv4Address(0x0A000000 + first + i) for i in range(MAX_SOURCES)]
        testbed.ask(group=GROUP, sources=frozenset(addresses))
    assert testbed.pass_time(10 * SECOND) == about(IS_EX, GROUP)


def test_a_pending_answer_for_all_groups_serves_for_one_group(testbed: Testbed) -> None:
    """RFC 3376 §5.2 rule 1."""
    testbed.ask()
    testbed.ask(group=GROUP, max_response_ns=6 * SECOND)
    assert testbed.pass_time(10 * SECOND) == about(IS_EX, GROUP)


def test_the_earlier_of_two_queries_sets_the_time(testbed: Testbed) -> None:
    testbed.ask(max_response_ns=9 * SECOND)
    testbed.ask(max_response_ns=SECOND)
    assert testbed.pass_time(SECOND + 10 * MS) == about(IS_EX, GROUP)
    assert testbed.pass_time(100 * SECOND) == []


def test_a_group_left_meanwhile_is_not_reported_as_heard(testbed: Testbed) -> None:
    testbed.ask(group=GROUP)
    assert testbed.hear() + testbed.pass_time(10 * SECOND) == about(TO_IN, GROUP) * 2


# ---- older queriers ----


@pytest.mark.parametrize("version,report", [(2, V2_REPORT), (1, V1_REPORT)])
def test_an_old_querier_is_answered_in_its_version(
    testbed: Testbed, version: int, report: ShortMessage
) -> None:
    testbed.ask(version)
    assert testbed.pass_time(10 * SECOND) == about(report, GROUP)
    assert testbed.hear(GROUP, OTHER) == about(report, OTHER)
    assert testbed.pass_time(10 * SECOND + 10 * MS) == about(report, OTHER)


def test_version_two_has_a_message_for_leaving_and_version_one_has_none(testbed: Testbed) -> None:
    testbed.ask(2)
    testbed.pass_time(10 * SECOND)
    assert testbed.hear() + testbed.pass_time(20 * SECOND) == about(LEAVE, GROUP)
    testbed.hear(GROUP)
    testbed.ask(1)
    testbed.pass_time(20 * SECOND)
    assert testbed.hear() + testbed.pass_time(20 * SECOND) == []


def test_the_oldest_querier_of_all_sets_the_version_until_it_is_silent(testbed: Testbed) -> None:
    """RFC 3376 §7.2.1, and the 2 * 125 + 10 seconds of §8.12."""
    testbed.ask(1)
    testbed.ask(2)
    testbed.ask(3)
    assert testbed.memberships.version == 1
    testbed.pass_time(259 * SECOND)
    testbed.ask(2)
    assert testbed.memberships.version == 1
    testbed.pass_time(2 * SECOND)
    testbed.ask(3)
    assert testbed.memberships.version == 2
    testbed.pass_time(259 * SECOND)
    testbed.hear(OTHER)
    assert testbed.memberships.version == 3


def test_when_the_version_changes_pending_answers_are_dropped_but_not_new_joins(testbed: Testbed) -> None:
    testbed.ask(group=GROUP)
    testbed.memberships.follow([GROUP, OTHER], testbed.now_ns)
    testbed.memberships.asked(Query(2, IPv4Address("239.9.9.9"), SECOND), testbed.now_ns)
    assert testbed.pass_time(5 * SECOND) == about(V2_REPORT, OTHER), "the join has not been reported before"


def test_in_the_old_versions_one_host_speaks_for_all(testbed: Testbed) -> None:
    testbed.ask(2)
    testbed.memberships.heard_report(GROUP, testbed.now_ns)
    assert testbed.pass_time(10 * SECOND) == []


def test_in_version_three_each_host_speaks_for_itself(testbed: Testbed) -> None:
    testbed.ask(group=GROUP)
    testbed.memberships.heard_report(GROUP, testbed.now_ns)
    assert testbed.pass_time(10 * SECOND) == about(IS_EX, GROUP)


# ---- the link, the end, and floods ----


def test_when_the_link_comes_up_all_groups_are_reported_again_in_version_three(testbed: Testbed) -> None:
    testbed.ask(2)
    testbed.memberships.link_came_up(testbed.now_ns)
    assert testbed.pass_time(5 * SECOND) == about(TO_EX, GROUP) * 2


def test_the_final_report_leaves_every_group(testbed: Testbed) -> None:
    testbed.hear(GROUP, OTHER)
    reported = [each for message in testbed.memberships.farewell() for each in read(message)]
    assert sorted(reported, key=str) == about(TO_IN, GROUP, OTHER)
    assert testbed.pass_time(100 * SECOND) == []


def with_groups(count: int) -> Testbed:
    """A host that has reported all these groups."""
    testbed = Testbed()
    testbed.memberships.follow([IPv4Address(0xEF000000 + i) for i in range(count)], testbed.now_ns)
    for _ in range(2):
        testbed.memberships.advance(testbed.now_ns)
        testbed.now_ns += 10 * SECOND
    return testbed


def test_many_groups_are_packed_into_few_reports_that_fit_the_mtu() -> None:
    testbed = with_groups(256)
    testbed.ask()
    reports = [
        each for each in testbed.memberships.advance(testbed.now_ns + 4 * SECOND) if isinstance(each, Report)
    ]
    assert [len(each.records) for each in reports] == [152, 104]
    assert all(sum(record.length for record in each.records) <= MAX_RECORDS_LENGTH for each in reports)


@pytest.mark.parametrize("version", [2, 3])
def test_answers_to_a_flood_of_queries_are_rate_limited(version: int) -> None:
    testbed = with_groups(256)
    messages = 0
    for _ in range(1000):
        testbed.ask(version, max_response_ns=0)
        testbed.now_ns += MS
        messages += len(testbed.memberships.advance(testbed.now_ns))
    assert 0 < messages <= 2 * (ANSWERS_AT_ONCE + 500)
