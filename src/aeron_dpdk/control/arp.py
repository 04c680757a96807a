"""ARP: answers for our address, defends it, and feeds the neighbour table (RFC 826, RFC 5227)."""

from ipaddress import IPv4Address

from aeron_dpdk.control.actions import Action, ReportConflict, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS, TokenBucket
from aeron_dpdk.control.routing import Identity, is_unicast
from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, EtherType, Mac

REPLIES_PER_SECOND = 500
REPLIES_AT_ONCE = 100
ANNOUNCEMENTS = 2  # RFC 5227 §1.1 ANNOUNCE_NUM
ANNOUNCE_INTERVAL_NS = 2 * NANOSECONDS
DEFEND_INTERVAL_NS = 10 * NANOSECONDS

_IGNORED = (Tally(Count.ARP_IGNORED),)
_NO_ADDRESS = IPv4Address(0)


def request_frame(identity: Identity, target: IPv4Address, mac: Mac | None) -> bytes:
    """A request for `target`, to `mac` or to all."""
    request = ArpPacket(ArpOperation.REQUEST, identity.mac, identity.ipv4, UNSPECIFIED, target)
    return EthernetFrame(mac or BROADCAST, identity.mac, EtherType.ARP, request.emit()).emit()


class ArpResponder:
    def __init__(self, identity: Identity, neighbours: Neighbours) -> None:
        self._identity = identity
        self._neighbours = neighbours
        self._replies = TokenBucket(REPLIES_PER_SECOND, REPLIES_AT_ONCE)
        self._defended_ns = -DEFEND_INTERVAL_NS
        self._reported: Mac | None = None
        self._announcements_left = 0
        self.due_ns = NEVER_NS  # of advance()

    def announce(self, now_ns: int) -> None:
        """Makes advance() announce our address to the link (RFC 5227 §2.3). The address is not probed first:
        the operator gave it to us, and start-up does not wait the seconds that §2.1.1 asks for."""
        self._announcements_left = ANNOUNCEMENTS
        self.due_ns = now_ns

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        if now_ns < self.due_ns:
            return ()
        self._announcements_left -= 1
        self.due_ns = now_ns + ANNOUNCE_INTERVAL_NS if self._announcements_left else NEVER_NS
        return (self._announcement(),)

    def receive(self, frame: EthernetFrame, now_ns: int) -> tuple[Action, ...]:
        """Answers an ARP frame, or learns from it. Raises Malformed."""
        packet = ArpPacket.parse(frame.payload)
        if not self._is_plausible(frame, packet):
            return _IGNORED
        if packet.sender_ipv4 == self._identity.ipv4:
            return self._defend(packet.sender_mac, now_ns)
        if packet.target_ipv4 == self._identity.ipv4:
            return self._receive_for_us(packet, now_ns)
        if packet.sender_ipv4 in self._neighbours:
            return self._neighbours.heard(packet.sender_ipv4, packet.sender_mac, now_ns)
        return _IGNORED

    def _is_plausible(self, frame: EthernetFrame, packet: ArpPacket) -> bool:
        """Whether the frame is for us or for all, from a station that can exist and is not this port."""
        is_addressed = frame.destination in (self._identity.mac, BROADCAST)
        is_sent_by_another = packet.sender_mac.is_unicast and packet.sender_mac != self._identity.mac
        is_probe = packet.sender_ipv4 == _NO_ADDRESS and packet.operation is ArpOperation.REQUEST
        return is_addressed and is_sent_by_another and (is_probe or is_unicast(packet.sender_ipv4))

    def _receive_for_us(self, packet: ArpPacket, now_ns: int) -> tuple[Action, ...]:
        if packet.operation is ArpOperation.REPLY:
            if packet.sender_ipv4 not in self._neighbours:
                return _IGNORED
            return self._neighbours.replied(packet.sender_ipv4, packet.sender_mac, now_ns)
        reply = self._reply(packet) if self._replies.take(now_ns) else Tally(Count.CONTROL_RATE_LIMITED)
        return (reply, *self._neighbours.asked(packet.sender_ipv4, packet.sender_mac, now_ns))

    def _reply(self, request: ArpPacket) -> SendFrame:
        us = self._identity
        reply = ArpPacket(ArpOperation.REPLY, us.mac, us.ipv4, request.sender_mac, request.sender_ipv4)
        frame = EthernetFrame(request.sender_mac, us.mac, EtherType.ARP, reply.emit())
        return SendFrame(frame.emit(), Count.ARP_REPLIES_SENT)

    def _defend(self, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """RFC 5227 §2.4 (c): keeps the address, and announces that at most once per DEFEND_INTERVAL."""
        counted = Tally(Count.ARP_CONFLICT)
        if now_ns < self._defended_ns + DEFEND_INTERVAL_NS:
            return (counted,)
        self._defended_ns = now_ns
        is_news = mac != self._reported
        self._reported = mac
        report = (ReportConflict(self._identity.ipv4, mac),) if is_news else ()
        return (counted, *report, self._announcement())

    def _announcement(self) -> SendFrame:
        frame = request_frame(self._identity, self._identity.ipv4, None)
        return SendFrame(frame, Count.ARP_REQUESTS_SENT)
