"""The narrow interface to the C side that the control plane uses.

`aeron_dpdk.native` implements it over cffi, the unit tests over lists. All calls are made by one thread, the
control thread; only pause() and sleep() block. Frames are whole Ethernet frames without FCS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Interface
from typing import Protocol

from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A frame from the port that is not Aeron data: ARP, ICMP, IGMP, ICMPv6 (ADK_CONTROL_FRAME)."""

    frame: bytes


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Our own frame, complete except for the destination MAC of `next_hop` (ADK_CONTROL_UNRESOLVED)."""

    next_hop: Address
    frame: bytes


@dataclass(frozen=True, slots=True)
class Learned:
    """`next_hop` was unknown, and the source MAC of its last frame was used instead (ADK_CONTROL_LEARN)."""

    next_hop: Address
    mac: Mac


Event = FrameReceived | Unresolved | Learned


@dataclass(frozen=True, slots=True)
class Link:
    """`speed_mbps` is 0 where the device does not know."""

    is_up: bool
    is_full_duplex: bool
    speed_mbps: int


class Count(StrEnum):
    """The counts that the control plane keeps, by the names of adk_count_name()."""

    CONTROL_MALFORMED = "control-malformed"
    CONTROL_RATE_LIMITED = "control-rate-limited"
    CONTROL_ERRORS = "control-errors"
    ARP_REQUESTS_SENT = "arp-requests-sent"
    ARP_REPLIES_SENT = "arp-replies-sent"
    ARP_IGNORED = "arp-ignored"
    ARP_FAILED = "arp-failed"
    ARP_CONFLICT = "arp-conflict"
    PARKED_DROPPED = "parked-dropped"
    ICMP_ECHO_REPLIES = "icmp-echo-replies"
    ICMP_UNREACHABLE = "icmp-unreachable"
    ICMP_FRAGMENTATION_NEEDED = "icmp-fragmentation-needed"
    ICMP_IGNORED = "icmp-ignored"
    IGMP_QUERIES = "igmp-queries"
    IGMP_REPORTS_SENT = "igmp-reports-sent"
    IGMP_IGNORED = "igmp-ignored"
    NDP_SOLICITATIONS_SENT = "ndp-solicitations-sent"
    NDP_ADVERTISEMENTS_SENT = "ndp-advertisements-sent"
    NDP_IGNORED = "ndp-ignored"
    NDP_FAILED = "ndp-failed"
    NDP_CONFLICT = "ndp-conflict"
    NDP_ROUTER_SOLICITATIONS_SENT = "ndp-router-solicitations-sent"
    NDP_ROUTER_ADVERTISEMENTS = "ndp-router-advertisements"
    ICMPV6_ECHO_REPLIES = "icmpv6-echo-replies"
    ICMPV6_UNREACHABLE = "icmpv6-unreachable"
    ICMPV6_PACKET_TOO_BIG = "icmpv6-packet-too-big"
    ICMPV6_IGNORED = "icmpv6-ignored"
    MLD_QUERIES = "mld-queries"
    MLD_REPORTS_SENT = "mld-reports-sent"
    MLD_IGNORED = "mld-ignored"
    RX_KERNEL_DROPPED = "rx-kernel-dropped"
    LINK_CHANGES = "link-changes"
    PORT_RESETS = "port-resets"


class Witness(Protocol):
    """What the data path knows about the neighbours whose MACs it has."""

    def neighbour_was_used(self, address: Address) -> bool:
        """Whether the data path has sent to `address` since the last call for this address."""

    def neighbour_watch(self, address: Address) -> None:
        """Resets what neighbour_was_heard() and neighbour_is_disputed() report about `address`. An unknown
        address is ignored."""

    def neighbour_was_heard(self, address: Address) -> bool:
        """Whether a frame, ARP or data, has come from the MAC of `address` since the last watch."""

    def neighbour_is_disputed(self, address: Address) -> bool:
        """Whether a true answer may have been lost since the last watch, because too many ARP packets named
        another MAC, or because frames were lost unseen."""

    def looks(self) -> int:
        """How many times a poll has found the port empty. While this number does not grow, no neighbour can
        be heard."""


class DataPlane(Witness, Protocol):
    def receive(self) -> Event | None:
        """The oldest waiting event, its bytes copied. If there is none: None, and nothing is allocated."""

    def transmit(self, frame: bytes) -> bool:
        """True if the frame was taken; False if the queue is full, which the data plane counts."""

    def neighbour_set(self, address: Address, mac: Mac) -> None:
        """Lets the data path send to `address`; replaces its MAC if it had one."""

    def neighbour_forget(self, address: Address) -> None:
        """Makes `address` unresolved again. An unknown address is ignored."""

    def have_address(self, own: IPv6Interface, is_usable: bool) -> None:
        """Lets the data path hear ICMPv6 at `own`, and channels use it when `is_usable`."""

    def use_gateway(self, gateway: IPv6Address | None) -> None:
        """Sets the router of IPv6 from now on."""

    def groups_moved(self) -> int:
        """A number that changes whenever groups() may return something different."""

    def groups(self) -> frozenset[Address]:
        """The multicast groups that channels hear on the port."""

    def link(self) -> Link: ...

    def count(self, what: Count, n: int = 1) -> None:
        """Adds `n` to one of the control plane's counts."""

    def reset_requested(self) -> bool:
        """Whether the device or the operator asked for a port restart that is not done yet."""

    def request_reset(self) -> None: ...

    def reset_step(self) -> bool:
        """One step of a port restart. True while the data threads may still use the port; False once the port
        runs again. Raises if the restart failed; request_reset() then starts another attempt."""

    def watch_device(self) -> None:
        """Call it about once a second: it runs the PMD's timers, and finds out whether the PMD needs a
        restart."""

    def pause(self, until_ns: int) -> None:
        """Waits until `until_ns`, or for a signal. Like sleep(), it publishes counts meanwhile, ten times a
        second."""

    def sleep(self, until_ns: int, descriptors: Sequence[int]) -> bool:
        """Waits until `until_ns`, for whatever receive() would return, reset_requested(), a change of link()
        or groups(), the driver's end, or until one of at most four descriptors is readable: True then. A
        signal ends it too."""
