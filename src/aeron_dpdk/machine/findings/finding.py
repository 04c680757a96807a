"""A finding about one thing: what was found, why it matters, what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    PASS = "PASS"
    NOTE = "NOTE"
    WARN = "WARN"
    FAIL = "FAIL"


BY_SEVERITY = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Finding:
    """`id` is area.subject, with /device behind it where there may be several. `fixable` means that
    `aeron-dpdk setup` can apply the remedy."""

    id: str
    status: Severity
    seen: str
    why: str
    remedy: str = ""
    fixable: bool = False

    @property
    def area(self) -> str:
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Check:
    """What all findings of one id have in common."""

    id: str
    why: str

    def of(self, device: str) -> "Check":
        return Check(f"{self.id}/{device}", self.why)

    def passed(self, seen: str) -> Finding:
        return Finding(self.id, Severity.PASS, seen, self.why)

    def note(self, seen: str, remedy: str = "", *, fixable: bool = False) -> Finding:
        return Finding(self.id, Severity.NOTE, seen, self.why, remedy, fixable)

    def warn(self, seen: str, remedy: str, *, fixable: bool = False) -> Finding:
        return Finding(self.id, Severity.WARN, seen, self.why, remedy, fixable)

    def fail(self, seen: str, remedy: str, *, fixable: bool = False) -> Finding:
        return Finding(self.id, Severity.FAIL, seen, self.why, remedy, fixable)


def worst(findings: Iterable[Finding]) -> Severity:
    return max((finding.status for finding in findings), key=BY_SEVERITY.index, default=Severity.PASS)
