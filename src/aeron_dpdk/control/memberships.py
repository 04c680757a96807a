"""Which multicast groups we report to the link, and when: the host's half of IGMP (RFC 3376 §5, §7.2; RFC
2236 §3; RFC 1112 appendix I) and of MLD, which is the same (RFC 3810 §6, §8.2; RFC 2710 §4). Their packets
are made and read in `igmp.py` and `mld.py`, by a `MembershipHost` each.

Aeron joins groups whatever the source, so a group is either in EXCLUDE mode with an empty list or not heard
at all. A change is reported at once, and again after random delays in case a report is lost; a query is
answered after a random delay. If there is a querier of an older version, we use its version.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from aeron_dpdk.control.actions import Action, SendFrame
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS, TokenBucket
from aeron_dpdk.wire.membership import Query, Record, RecordType, ShortMessage
from aeron_dpdk.wire.packet import Address

# RFC 3376 §8, RFC 2236 §8; RFC 3810 §9, RFC 2710 §7
DEFAULT_ROBUSTNESS = 2
V3_REPORT_INTERVAL_NS = NANOSECONDS
OLD_REPORT_INTERVAL_NS = 10 * NANOSECONDS
# The query interval is not learned: queriers of the old versions do not tell it; and a forged query of
# version 3 with a long one, followed by one of version 1, would keep us in version 1 for days.
QUERY_INTERVAL_NS = 125 * NANOSECONDS
QUERY_RESPONSE_INTERVAL_NS = 10 * NANOSECONDS

# The most that other hosts' queries can make us send: 256 groups at once, then so many a second.
ANSWERS_PER_SECOND = 500
ANSWERS_AT_ONCE = 256
POSTPONED_NS = NANOSECONDS // 10

MAX_SOURCES = 64  # that are kept of queries for one group; with more, the answer is for all sources
MAX_RECORDS_LENGTH = 1216  # bytes: a report fits the smallest MTU of IPv6, a query's sources included


@dataclass(frozen=True, slots=True)
class Report:
    """A report of version 3, to all routers that speak it."""

    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Short:
    """A message of an older version."""

    kind: ShortMessage
    group: Address


Message = Report | Short


@dataclass(slots=True)
class _Change:
    """A group was joined or left: how many reports of that remain, and when the next is due."""

    remaining: int
    due_ns: int
    was_said: bool = False


@dataclass(slots=True)
class _Answer:
    """An answer that is due to a query for one group; without `sources`, it is for the whole group."""

    due_ns: int
    sources: frozenset[Address] = field(default_factory=frozenset)


class Memberships:
    """`below` returns a random whole number from 0 to one less than its argument; `is_reported` says whether
    a group is reported at all."""

    def __init__(self, below: Callable[[int], int], is_reported: Callable[[Address], bool]) -> None:
        self._below = below
        self._is_reported = is_reported
        self._groups: frozenset[Address] = frozenset()
        self._changes: dict[Address, _Change] = {}
        self._answers: dict[Address, _Answer] = {}
        self._general_ns = NEVER_NS
        self._version = 3
        self._old_until_ns = {1: -NEVER_NS, 2: -NEVER_NS}
        self._robustness = DEFAULT_ROBUSTNESS
        self._budget = TokenBucket(ANSWERS_PER_SECOND, ANSWERS_AT_ONCE)
        self.due_ns = NEVER_NS  # of advance()

    def __contains__(self, group: Address) -> bool:
        return group in self._groups

    @property
    def version(self) -> int:
        """The version in use (RFC 3376 §7.2.1, host compatibility mode)."""
        return self._version

    def follow(self, groups: Iterable[Address], now_ns: int) -> None:
        """Makes advance() report which groups are heard from now on, and which no longer."""
        self._settle_version(now_ns)
        wanted = frozenset(group for group in groups if self._is_reported(group))
        for group in wanted ^ self._groups:
            self._changes[group] = _Change(self._robustness, now_ns)
        for group in self._groups - wanted:
            self._answers.pop(group, None)
        self._groups = wanted
        self._schedule()

    def link_came_up(self, now_ns: int) -> None:
        """The link may lead to another network now, where nobody knows our groups and we know no querier."""
        self._old_until_ns = {1: -NEVER_NS, 2: -NEVER_NS}
        self._robustness = DEFAULT_ROBUSTNESS
        self._settle_version(now_ns)
        self._cancel()
        self._changes = {group: _Change(self._robustness, now_ns) for group in self._groups}
        self._schedule()

    def asked(self, query: Query, now_ns: int) -> None:
        """Takes a query (RFC 3376 §5.2, §7.2.1)."""
        if query.version < 3:
            timeout_ns = self._robustness * QUERY_INTERVAL_NS + QUERY_RESPONSE_INTERVAL_NS
            self._old_until_ns[query.version] = now_ns + timeout_ns
        else:
            self._robustness = query.robustness or DEFAULT_ROBUSTNESS
        self._settle_version(now_ns)
        due_ns = now_ns + self._below(query.max_response_ns + 1)
        if query.group is None and self._version == 3:
            self._general_ns = min(self._general_ns, due_ns)
        elif query.group is None:
            for group in self._groups:
                self._answer(group, due_ns=now_ns + self._below(query.max_response_ns + 1))
        elif query.group in self._groups and due_ns < self._general_ns:
            self._answer(query.group, due_ns, query.sources if self._version == 3 else frozenset())
        self._schedule()

    def heard_report(self, group: Address, now_ns: int) -> None:
        """Another host has reported the group; in the old versions one report is enough (RFC 2236 §3)."""
        self._settle_version(now_ns)
        if self._version < 3:
            self._answers.pop(group, None)
        self._schedule()

    def advance(self, now_ns: int) -> tuple[Message, ...]:
        """Returns the messages that have become due."""
        self._settle_version(now_ns)
        changed = [group for group, change in self._changes.items() if change.due_ns <= now_ns]
        messages = [*self._say_changed(changed), *self._answer_due(now_ns)]
        for group in changed:
            self._repeat(group, now_ns)
        self._schedule()
        return tuple(messages)

    def farewell(self) -> tuple[Message, ...]:
        """Returns the messages that leave all groups; there is no time to repeat them."""
        left, self._groups = list(self._groups), frozenset()
        self._changes.clear()
        self._cancel()
        self._schedule()
        return tuple(self._say_changed(left))

    def _answer(self, group: Address, due_ns: int, sources: frozenset[Address] = frozenset()) -> None:
        """RFC 3376 §5.2, rules 3 to 5: the earlier of two times, and the wider of two queries."""
        pending = self._answers.get(group)
        if pending is not None:
            due_ns = min(due_ns, pending.due_ns)
            sources = sources | pending.sources if sources and pending.sources else frozenset()
        self._answers[group] = _Answer(due_ns, sources if len(sources) <= MAX_SOURCES else frozenset())

    def _say_changed(self, groups: list[Address]) -> Iterator[Message]:
        if self._version == 3:
            yield from _reports(
                Record(
                    RecordType.CHANGE_TO_EXCLUDE_MODE
                    if group in self._groups
                    else RecordType.CHANGE_TO_INCLUDE_MODE,
                    group,
                )
                for group in groups
            )
            return
        for group in groups:
            if group in self._groups:
                yield self._short_report(group)
            elif self._version == 2:
                yield Short(ShortMessage.LEAVE, group)

    def _repeat(self, group: Address, now_ns: int) -> None:
        """In the old versions, leaving a group is reported only once."""
        change = self._changes[group]
        change.was_said = True
        change.remaining -= 1
        is_said = change.remaining <= 0 or (self._version < 3 and group not in self._groups)
        interval_ns = V3_REPORT_INTERVAL_NS if self._version == 3 else OLD_REPORT_INTERVAL_NS
        change.due_ns = now_ns + 1 + self._below(interval_ns)
        if is_said:
            del self._changes[group]

    def _answer_due(self, now_ns: int) -> Iterator[Message]:
        due = [group for group, answer in self._answers.items() if answer.due_ns <= now_ns]
        if self._version < 3:
            for group in self._affordable(due, now_ns):
                del self._answers[group]
                yield self._short_report(group)
            return
        records = [self._current_state(group) for group in self._affordable(due, now_ns)]
        for record in records:
            del self._answers[record.group]
        if self._general_ns <= now_ns and not self._budget.take(now_ns):
            self._general_ns = now_ns + POSTPONED_NS
        if self._general_ns <= now_ns:
            self._general_ns = NEVER_NS
            records += [Record(RecordType.MODE_IS_EXCLUDE, group) for group in sorted(self._groups, key=int)]
        yield from _reports(records)

    def _affordable(self, due: list[Address], now_ns: int) -> list[Address]:
        """Those that the budget allows now; the others wait."""
        affordable = [group for group in due if self._budget.take(now_ns)]
        for group in due:
            self._answers[group].due_ns = now_ns + POSTPONED_NS
        return affordable

    def _current_state(self, group: Address) -> Record:
        """RFC 3376 §5.2: of the sources in a query, those that we listen to, which is all of them."""
        sources = self._answers[group].sources
        return Record(RecordType.MODE_IS_INCLUDE if sources else RecordType.MODE_IS_EXCLUDE, group, sources)

    def _short_report(self, group: Address) -> Short:
        return Short(ShortMessage.V2_REPORT if self._version == 2 else ShortMessage.V1_REPORT, group)

    def _settle_version(self, now_ns: int) -> None:
        version = next((each for each in (1, 2) if now_ns < self._old_until_ns[each]), 3)
        if version != self._version:
            self._version = version
            self._cancel()

    def _cancel(self) -> None:
        """RFC 3376 §7.2.1: with another version, pending responses and retransmissions are void."""
        self._changes = {group: change for group, change in self._changes.items() if not change.was_said}
        self._answers.clear()
        self._general_ns = NEVER_NS

    def _schedule(self) -> None:
        self.due_ns = min(
            self._general_ns,
            min((each.due_ns for each in self._changes.values()), default=NEVER_NS),
            min((each.due_ns for each in self._answers.values()), default=NEVER_NS),
        )


def _reports(records: Iterable[Record]) -> Iterator[Message]:
    """As few reports as can hold the records; none if there are no records."""
    batch: list[Record] = []
    for record in records:
        if batch and sum(each.length for each in (*batch, record)) > MAX_RECORDS_LENGTH:
            yield Report(tuple(batch))
            batch = []
        batch.append(record)
    if batch:
        yield Report(tuple(batch))


class MembershipHost(ABC):
    """The host's side of a protocol: answers queries about the groups that follow() was last given."""

    def __init__(self, memberships: Memberships, sent: Count) -> None:
        self._memberships = memberships
        self._sent = sent

    def follow(self, groups: Iterable[Address], now_ns: int) -> None:
        self._memberships.follow(groups, now_ns)

    def link_came_up(self, now_ns: int) -> None:
        self._memberships.link_came_up(now_ns)

    @property
    def due_ns(self) -> int:
        """When advance() has something to do."""
        return self._memberships.due_ns

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        return self._sending(self._memberships.advance(now_ns))

    def farewell(self) -> tuple[Action, ...]:
        return self._sending(self._memberships.farewell())

    def _sending(self, messages: Iterable[Message]) -> tuple[Action, ...]:
        return tuple(SendFrame(self._frame(each), self._sent) for each in messages)

    @abstractmethod
    def _frame(self, message: Message) -> bytes:
        """The Ethernet frame that carries it."""
