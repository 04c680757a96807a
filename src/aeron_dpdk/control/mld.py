"""MLD: how group memberships are reported for IPv6 (RFC 3810, RFC 2710)."""

from collections.abc import Iterable
from ipaddress import IPv6Address
from random import Random

from aeron_dpdk.control.actions import Action, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.ipv6_routing import (
    ALL_NODES,
    ALL_ROUTERS,
    UNSPECIFIED_IPV6,
    Ipv6Identity,
    is_link_local,
)
from aeron_dpdk.control.memberships import MembershipHost, Memberships, Message, Report, Short
from aeron_dpdk.wire.ethernet import group_mac
from aeron_dpdk.wire.icmpv6 import Received, icmpv6_frame
from aeron_dpdk.wire.ipv6 import ROUTER_ALERT
from aeron_dpdk.wire.membership import Query, ShortMessage, ShortReport
from aeron_dpdk.wire.mld import emit_report, emit_short, parse_mld
from aeron_dpdk.wire.packet import Address

HOP_LIMIT = 1  # RFC 3810 §5; a packet with another one has crossed a router, and is forged
ALL_V2_ROUTERS = IPv6Address("ff02::16")

_IGNORED = (Tally(Count.MLD_IGNORED),)


def is_reported(group: Address) -> bool:
    """All groups but that of all nodes, and those whose scope is the node (RFC 3810 §6)."""
    return group != ALL_NODES and group.packed[1] & 0x0F > 1


class MldHost(MembershipHost):
    """Its groups are those of follow() and our solicited-node groups."""

    def __init__(self, identity: Ipv6Identity) -> None:
        super().__init__(Memberships(Random().randrange, is_reported), Count.MLD_REPORTS_SENT)
        self._identity = identity
        self._source = UNSPECIFIED_IPV6

    def follow(self, groups: Iterable[Address], now_ns: int) -> None:
        super().follow(self._identity.groups.union(groups), now_ns)

    def speak_from(self, source: IPv6Address, now_ns: int) -> None:
        """Sets the source address from now on. Earlier reports had none, as they must while an address is
        being probed for, and snooping switches may ignore such reports (RFC 3590 §4); so all groups are
        reported again."""
        self._source = source
        self._memberships.link_came_up(now_ns)

    def receive(self, received: Received, now_ns: int) -> tuple[Action, ...]:
        """Raises Malformed. Queries come from link-local addresses (RFC 3810 §5.1.14)."""
        packet = received.packet
        if packet.hop_limit != HOP_LIMIT or not is_link_local(packet.source):
            return _IGNORED
        match parse_mld(received.message):
            case Query() as query if packet.destination in (ALL_NODES, query.group) or (
                self._identity.routing.is_own(packet.destination)
            ):
                self._memberships.asked(query, now_ns)
                return (Tally(Count.MLD_QUERIES),)
            case ShortReport(group) if packet.destination == group and group in self._memberships:
                self._memberships.heard_report(group, now_ns)
                return ()
            case _:
                return _IGNORED

    def _frame(self, message: Message) -> bytes:
        match message:
            case Report(records):
                destination, body = ALL_V2_ROUTERS, emit_report(records)
            case Short(kind, group):
                assert isinstance(group, IPv6Address)
                destination = ALL_ROUTERS if kind is ShortMessage.LEAVE else group
                body = emit_short(kind, group)
        return icmpv6_frame(
            body,
            (self._identity.mac, group_mac(destination)),
            (self._source, destination),
            hop_limit=HOP_LIMIT,
            hop_by_hop=ROUTER_ALERT,
        )
