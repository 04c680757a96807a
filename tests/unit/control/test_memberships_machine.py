"""The memberships against a querier that believes every report and may send any query."""

from ipaddress import IPv4Address

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from tests.unit.control.fakes import MS, SECOND, START

from aeron_dpdk.control.memberships import MAX_SOURCES, Memberships, Report, Short
from aeron_dpdk.wire.membership import Query, RecordType, ShortMessage
from aeron_dpdk.wire.packet import Address

GROUPS = [IPv4Address(f"239.0.0.{i}") for i in (1, 2, 3)]
FOREIGN = IPv4Address("239.0.0.9")

queried = st.none() | st.sampled_from([*GROUPS, FOREIGN])
times_ns = st.sampled_from([0, MS, 100 * MS, SECOND, 10 * SECOND])
pauses_ns = st.sampled_from([0, 1, MS, 100 * MS, SECOND, 10 * SECOND, 130 * SECOND, 300 * SECOND])
source_sets = st.frozensets(st.integers(1, 200).map(IPv4Address), max_size=MAX_SOURCES + 6)


class MembershipsMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_ns = START
        self.draws = 0
        self.memberships = Memberships(self.below, lambda group: True)
        self.heard: frozenset[Address] = frozenset()
        self.believed: set[Address] = set()
        self.oldest_until_ns = {1: 0, 2: 0}
        self.promised_ns: dict[Address, int] = {}

    def below(self, bound: int) -> int:
        """A pseudo-random number, since a draw by hypothesis for each would be slow."""
        self.draws += 1
        return (self.draws * 0x9E3779B97F4A7C15) % bound

    @rule(groups=st.frozensets(st.sampled_from(GROUPS)))
    def the_channels_change(self, groups: frozenset[IPv4Address]) -> None:
        self.promised_ns = {group: due for group, due in self.promised_ns.items() if group in groups}
        self.memberships.follow(groups, self.now_ns)
        self.heard = groups
        self.say()
        assert self.heard <= self.believed, "a join is reported at once"

    @rule(
        version=st.sampled_from([1, 2, 3, 3, 3]), group=queried, limit_ns=times_ns, sources=source_sets,
        robustness=st.integers(0, 7),
    )  # fmt: skip
    def a_querier_asks(
        self,
        version: int,
        group: IPv4Address | None,
        limit_ns: int,
        sources: frozenset[IPv4Address],
        robustness: int,
    ) -> None:
        query = Query(version, group, limit_ns)
        if version == 3:
            query = Query(3, group, limit_ns, sources if group else frozenset(), robustness)
        before = self.memberships.version
        self.memberships.asked(query, self.now_ns)
        if self.memberships.version != before:
            self.promised_ns.clear()
        assert self.memberships.version <= version
        for each in self.heard if group is None else self.heard & {group}:
            self.promised_ns[each] = min(self.promised_ns.get(each, 1 << 62), self.now_ns + limit_ns)

    @rule(group=st.sampled_from([*GROUPS, FOREIGN]))
    def another_host_reports(self, group: IPv4Address) -> None:
        self.memberships.heard_report(group, self.now_ns)
        if self.memberships.version < 3:
            self.promised_ns.pop(group, None)

    @rule()
    def the_link_comes_up(self) -> None:
        self.promised_ns.clear()
        self.believed.clear()
        self.memberships.link_came_up(self.now_ns)
        self.say()
        assert self.memberships.version == 3
        assert self.heard <= self.believed

    @rule(pause_ns=pauses_ns)
    def time_passes(self, pause_ns: int) -> None:
        self.now_ns += pause_ns
        before = self.memberships.version
        self.say()
        if self.memberships.version != before:
            self.promised_ns.clear()

    def say(self) -> None:
        if self.now_ns < self.memberships.due_ns:
            return
        for message in self.memberships.advance(self.now_ns):
            match message:
                case Report(records):
                    assert self.memberships.version == 3
                    for record in records:
                        self.believe(record.group, record.type is not RecordType.CHANGE_TO_INCLUDE_MODE)
                case Short(kind, group):
                    report = {1: ShortMessage.V1_REPORT, 2: ShortMessage.V2_REPORT}
                    assert kind in (report[self.memberships.version], ShortMessage.LEAVE)
                    self.believe(group, kind is not ShortMessage.LEAVE)

    def believe(self, group: Address, is_heard: bool) -> None:
        assert is_heard == (group in self.heard), "every report is true"
        (self.believed.add if is_heard else self.believed.discard)(group)
        self.promised_ns.pop(group, None)

    @invariant()
    def no_answer_is_overdue(self) -> None:
        """The budget postpones answers too, but so few groups never exhaust it."""
        self.say()
        assert [due for due in self.promised_ns.values() if due < self.now_ns] == []


TestMemberships = MembershipsMachine.TestCase
