"""Neighbour discovery: answers for our addresses, defends them, and feeds the neighbour table (RFC 4861 §7).
As for ARP, the table decides what to believe.
"""

from ipaddress import IPv6Address

from aeron_dpdk.control.actions import Action, ReportConflict, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.duplicates import Duplicates
from aeron_dpdk.control.ipv6_routing import (
    ALL_NODES,
    UNSPECIFIED_IPV6,
    Ipv6Identity,
    is_unicast,
    solicited_node,
)
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS, TokenBucket
from aeron_dpdk.wire.ethernet import Mac, group_mac
from aeron_dpdk.wire.icmpv6 import Received, icmpv6_frame
from aeron_dpdk.wire.ndp import HOP_LIMIT, NeighbourAdvertisement, NeighbourSolicitation
from aeron_dpdk.wire.packet import Address

ADVERTISEMENTS_PER_SECOND = 500
ADVERTISEMENTS_AT_ONCE = 100
ANNOUNCEMENTS = 2  # RFC 4861 §7.2.6 allows three
ANNOUNCE_INTERVAL_NS = 2 * NANOSECONDS
DEFEND_INTERVAL_NS = 10 * NANOSECONDS

_IGNORED = (Tally(Count.NDP_IGNORED),)


def solicitation_frame(identity: Ipv6Identity, target: IPv6Address, mac: Mac | None) -> bytes:
    """A solicitation for `target`, to `mac` or to the target's solicited-node group."""
    destination = solicited_node(target) if mac is None else target
    return icmpv6_frame(
        NeighbourSolicitation(target, identity.mac).emit(),
        (identity.mac, mac or group_mac(destination)),
        (identity.routing.source_for(target), destination),
        hop_limit=HOP_LIMIT,
    )


class NdpResponder:
    def __init__(self, identity: Ipv6Identity, neighbours: Neighbours, duplicates: Duplicates) -> None:
        self._identity = identity
        self._neighbours = neighbours
        self._duplicates = duplicates
        self._replies = TokenBucket(ADVERTISEMENTS_PER_SECOND, ADVERTISEMENTS_AT_ONCE)
        self._defended_ns = -DEFEND_INTERVAL_NS
        self._reported: tuple[Address, Mac] | None = None
        self._announcements_left = 0
        self.due_ns = NEVER_NS  # of advance()

    def announce(self, now_ns: int) -> None:
        """Makes advance() tell the link where our addresses are (RFC 4861 §7.2.6)."""
        self._announcements_left = ANNOUNCEMENTS
        self.due_ns = now_ns

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        if now_ns < self.due_ns:
            return ()
        self._announcements_left -= 1
        self.due_ns = now_ns + ANNOUNCE_INTERVAL_NS if self._announcements_left else NEVER_NS
        usable = [each.ip for each in self._identity.addresses if self._is_usable(each.ip)]
        return tuple(self._announcement(each) for each in usable)

    def solicited(
        self, received: Received, message: NeighbourSolicitation, now_ns: int
    ) -> tuple[Action, ...]:
        """RFC 4861 §7.1.1, §7.2.3, §7.2.4; RFC 4862 §5.4.3."""
        source, target = received.packet.source, message.target
        mac = message.source_mac or received.frame.source
        if source == UNSPECIFIED_IPV6:
            return self._probed(received, message, now_ns)
        if not is_unicast(source) or not self._can_be_another(mac):
            return _IGNORED
        if self._identity.routing.is_own(source):
            return self._defend(source, mac, now_ns)
        if self._is_usable(target):
            reply = self._replies.take(now_ns)
            answer = self._reply(target, source, mac) if reply else Tally(Count.CONTROL_RATE_LIMITED)
            return (answer, *self._neighbours.asked(source, mac, now_ns))
        if source in self._neighbours:
            return self._neighbours.heard(source, mac, now_ns)
        return _IGNORED

    def advertised(
        self, received: Received, message: NeighbourAdvertisement, now_ns: int
    ) -> tuple[Action, ...]:
        """RFC 4861 §7.1.2, §7.2.5. The override flag is ignored: one packet never replaces an entry. A packet
        that names no MAC can only confirm the present one."""
        source, destination, target = received.packet.source, received.packet.destination, message.target
        mac = message.target_mac or received.frame.source
        is_sane = is_unicast(source) and not (message.is_solicited and destination.is_multicast)
        if not is_sane or not self._can_be_another(mac):
            return _IGNORED
        if self._identity.routing.is_own(target):
            return self._defend(target, mac, now_ns)
        if target not in self._neighbours or (
            message.target_mac is None and not self._neighbours.stands(target, mac)
        ):
            return _IGNORED
        if message.is_solicited:
            return self._neighbours.replied(target, mac, now_ns)
        return self._neighbours.heard(target, mac, now_ns)

    def _probed(self, received: Received, message: NeighbourSolicitation, now_ns: int) -> tuple[Action, ...]:
        """Another host probes whether an address is free."""
        target, mac = message.target, received.frame.source
        is_sane = received.packet.destination == solicited_node(target) and message.source_mac is None
        if not is_sane or not self._can_be_another(mac) or not self._identity.routing.is_own(target):
            return _IGNORED
        if not self._is_usable(target):
            return self._lost(target, mac)
        if not self._replies.take(now_ns):
            return (Tally(Count.CONTROL_RATE_LIMITED),)
        return (self._announcement(target),)

    def _can_be_another(self, mac: Mac) -> bool:
        return mac.is_unicast and mac != self._identity.mac

    def _is_usable(self, address: IPv6Address) -> bool:
        is_own = self._identity.routing.is_own(address)
        return is_own and not self._duplicates.is_tentative(address) and address not in self._duplicates.found

    def _reply(self, target: IPv6Address, asker: IPv6Address, mac: Mac) -> SendFrame:
        us = self._identity.mac
        reply = NeighbourAdvertisement(target, us, is_solicited=True, is_override=True)
        frame = icmpv6_frame(reply.emit(), (us, mac), (target, asker), hop_limit=HOP_LIMIT)
        return SendFrame(frame, Count.NDP_ADVERTISEMENTS_SENT)

    def _defend(self, address: IPv6Address, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """As long as we are probing for the address, it is the other host's. After that we keep it, and
        announce it as ARP does (RFC 5227 §2.4 (c)); RFC 4862 §5.4 does not say what to do then."""
        counted = Tally(Count.NDP_CONFLICT)
        if not self._is_usable(address):
            return self._lost(address, mac)
        if now_ns < self._defended_ns + DEFEND_INTERVAL_NS:
            return (counted,)
        self._defended_ns = now_ns
        is_news = self._reported != (address, mac)
        self._reported = (address, mac)
        report = (ReportConflict(address, mac),) if is_news else ()
        return (counted, *report, self._announcement(address))

    def _lost(self, address: IPv6Address, mac: Mac) -> tuple[Action, ...]:
        is_news = self._duplicates.heard(address, mac)
        report = (ReportConflict(address, mac),) if is_news else ()
        return (Tally(Count.NDP_CONFLICT), *report)

    def _announcement(self, address: IPv6Address) -> SendFrame:
        us = self._identity.mac
        frame = icmpv6_frame(
            NeighbourAdvertisement(address, us, is_override=True).emit(),
            (us, group_mac(ALL_NODES)),
            (address, ALL_NODES),
            hop_limit=HOP_LIMIT,
        )
        return SendFrame(frame, Count.NDP_ADVERTISEMENTS_SENT)
