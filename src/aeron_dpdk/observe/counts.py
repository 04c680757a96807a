"""Which of the driver's counts are of traffic, which of dropped frames, and which of events.

The names are those of adk_count_name(); as Aeron counters they are labelled dpdk-NAME.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aeron_dpdk.observe.cnc import AeronCounter

TRAFFIC = ("rx-packets", "rx-bytes", "tx-packets", "tx-bytes", "loopback-packets")

DROPS = (
    "rx-missed",
    "rx-kernel-dropped",
    "rx-truncated",
    "rx-not-our-vlan",
    "rx-not-our-mac",
    "rx-ethertype",
    "rx-ipv4-header",
    "rx-ipv4-checksum",
    "rx-ipv6-header",
    "rx-fragment",
    "rx-not-our-address",
    "rx-not-our-group",
    "rx-martian-source",
    "rx-protocol",
    "rx-udp-header",
    "rx-udp-checksum",
    "rx-no-endpoint",
    "rx-sender-discard",
    "handoff-full",
    "loopback-full",
    "control-full",
    "arp-disputed",
    "ndp-disputed",
    "tx-too-long",
    "tx-unreachable",
    "tx-prepare",
    "tx-reset",
    "control-tx-full",
    "control-malformed",
    "control-rate-limited",
    "parked-dropped",
)

# Aeron sends these frames again, or they wait for the neighbour's MAC: they are late, but not lost.
BACK_PRESSURE = ("tx-nobufs", "tx-eagain", "tx-unresolved")

EVENTS = (
    "control-errors",
    "arp-requests-sent",
    "arp-replies-sent",
    "arp-ignored",
    "arp-failed",
    "arp-conflict",
    "icmp-echo-replies",
    "icmp-unreachable",
    "icmp-fragmentation-needed",
    "icmp-ignored",
    "igmp-queries",
    "igmp-reports-sent",
    "igmp-ignored",
    "ndp-solicitations-sent",
    "ndp-advertisements-sent",
    "ndp-ignored",
    "ndp-failed",
    "ndp-conflict",
    "ndp-router-solicitations-sent",
    "ndp-router-advertisements",
    "icmpv6-echo-replies",
    "icmpv6-unreachable",
    "icmpv6-packet-too-big",
    "icmpv6-ignored",
    "mld-queries",
    "mld-reports-sent",
    "mld-ignored",
    "rx-reassembled",
    "tx-fragmented",
    "rx-handed-over",
    "link-changes",
    "port-resets",
)

# Counters of the first interface are labelled dpdk-NAME, those of interface 1 dpdk-1-NAME.
_LABEL = re.compile(r"dpdk-(?:(?P<number>\d)-)?(?P<name>[^:]+)(?:: (?P<what>.*))?", re.DOTALL)
_XSTAT = "xstat"


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one interface, by name; `xstats` are the PMD's own extended statistics, by their DPDK
    names. A stock driver has no counts."""

    traffic: dict[str, int]
    drops: dict[str, int]
    back_pressure: dict[str, int]
    events: dict[str, int]
    xstats: dict[str, int]

    def by_name(self) -> dict[str, int]:
        return {**self.traffic, **self.drops, **self.back_pressure, **self.events}


def counts_in(counters: Iterable[AeronCounter], interfaces: int) -> tuple[Counts, ...]:
    """The counts of each interface, in the order of their numbers."""
    values: list[dict[str, int]] = [{} for _ in range(interfaces)]
    xstats: list[dict[str, int]] = [{} for _ in range(interfaces)]
    for counter in counters:
        found = _LABEL.fullmatch(counter.label)
        number = int(found["number"] or 0) if found else interfaces
        if found is None or number >= interfaces:
            continue
        if found["name"] == _XSTAT and found["what"]:
            xstats[number][found["what"]] = counter.value
        else:
            values[number][found["name"]] = counter.value
    return tuple(
        Counts(
            traffic=_of_kind(TRAFFIC, named),
            drops=_of_kind(DROPS, named),
            back_pressure=_of_kind(BACK_PRESSURE, named),
            events=_of_kind(EVENTS, named),
            xstats=own,
        )
        for named, own in zip(values, xstats, strict=True)
    )


def _of_kind(names: Iterable[str], counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in names if name in counts}
