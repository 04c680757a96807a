"""What hosts and queriers tell each other about multicast groups, in either protocol.

MLD is IGMP for IPv6: its version 1 is IGMP's version 2 (RFC 2710 §1), its version 2 IGMP's version 3 (RFC
3810 §1). The numbers here are IGMP's.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from aeron_dpdk.wire.packet import Address


class RecordType(IntEnum):
    """RFC 3376 §4.2.12, RFC 3810 §5.2.12; without the two that only change a source list, as we listen to all
    sources."""

    MODE_IS_INCLUDE = 1
    MODE_IS_EXCLUDE = 2
    CHANGE_TO_INCLUDE_MODE = 3
    CHANGE_TO_EXCLUDE_MODE = 4


class ShortMessage(Enum):
    """What a host reports about one group, in the old versions."""

    V1_REPORT = "report of version 1"
    V2_REPORT = "report"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Query:
    """`group` None asks for all groups. `sources` narrows a version 3 query to them. `robustness` is 0 where
    the querier does not say."""

    version: int
    group: Address | None
    max_response_ns: int
    sources: frozenset[Address] = frozenset()
    robustness: int = 0


@dataclass(frozen=True, slots=True)
class ShortReport:
    """Another host's report of an old version."""

    group: Address


@dataclass(frozen=True, slots=True)
class Record:
    """A group record of a version 3 report. `sources` has at most 65535 members."""

    type: RecordType
    group: Address
    sources: frozenset[Address] = frozenset()

    @property
    def length(self) -> int:
        """In bytes."""
        return 4 + len(self.group.packed) * (1 + len(self.sources))

    def emit(self) -> bytes:
        return b"".join(
            (
                bytes((self.type, 0)),
                len(self.sources).to_bytes(2, "big"),
                self.group.packed,
                *sorted(each.packed for each in self.sources),
            )
        )
