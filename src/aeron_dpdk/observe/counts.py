"""Which of the driver's counts are traffic, which are frames thrown away, and which are events.

The names are those of adk_count_name(); as Aeron counters they are labelled dpdk-NAME.
"""

from collections.abc import Iterable, Mapping

from aeron_dpdk.observe.cnc import Counter

TRAFFIC = ("rx-packets", "rx-bytes", "tx-packets", "tx-bytes", "loopback-packets")

DROPS = (
    "rx-missed",
    "rx-kernel-dropped",
    "rx-truncated",
    "rx-not-our-mac",
    "rx-ethertype",
    "rx-ipv4-header",
    "rx-ipv4-checksum",
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
    "tx-too-long",
    "tx-unreachable",
    "tx-prepare",
    "tx-reset",
    "control-tx-full",
    "control-malformed",
    "control-rate-limited",
    "parked-dropped",
)

# Aeron offers these frames again, or they wait for the neighbour's MAC: nothing is lost by them but time.
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
    "rx-reassembled",
    "tx-fragmented",
    "link-changes",
    "port-resets",
)

_PREFIX = "dpdk-"
_XSTAT_PREFIX = "dpdk-xstat: "


def counts_in(counters: Iterable[Counter]) -> dict[str, int]:
    """Values by name, of all the four kinds; a stock driver has none."""
    known = {*TRAFFIC, *DROPS, *BACK_PRESSURE, *EVENTS}
    found = {}
    for counter in counters:
        name = counter.label.partition(":")[0].removeprefix(_PREFIX)
        if counter.label.startswith(_PREFIX) and name in known:
            found[name] = counter.value
    return found


def xstats_in(counters: Iterable[Counter]) -> dict[str, int]:
    """The PMD's own extended statistics by their DPDK names."""
    labelled = (each for each in counters if each.label.startswith(_XSTAT_PREFIX))
    return {each.label.removeprefix(_XSTAT_PREFIX): each.value for each in labelled}


def of_kind(names: Iterable[str], counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in names if name in counts}
