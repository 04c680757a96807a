"""ICMP: answers echo requests, so that an operator can ping an interface that the kernel no longer sees;
counts the rest."""

from dataclasses import replace

from aeron_dpdk.control.actions import Action, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.rate import TokenBucket
from aeron_dpdk.control.routing import Identity, NoNextHop
from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType
from aeron_dpdk.wire.icmp import CODE_FRAGMENTATION_NEEDED, IcmpMessage, IcmpType
from aeron_dpdk.wire.ipv4 import PROTOCOL_ICMP, Ipv4Packet

ECHOES_PER_SECOND = 1000
ECHOES_AT_ONCE = 100
MAX_ECHO_PAYLOAD = 8972  # `ping -s 8972` fills an MTU of 9000

_IGNORED = (Tally(Count.ICMP_IGNORED),)


class IcmpResponder:
    def __init__(self, identity: Identity, neighbours: Neighbours) -> None:
        self._identity = identity
        self._neighbours = neighbours
        self._echoes = TokenBucket(ECHOES_PER_SECOND, ECHOES_AT_ONCE)

    def receive(self, frame: EthernetFrame, now_ns: int) -> tuple[Action, ...]:
        """Answers an IPv4 frame, or counts it. Raises Malformed."""
        packet = Ipv4Packet.parse(frame.payload)
        if not self._is_for_us(frame, packet):
            return _IGNORED
        message = IcmpMessage.parse(packet.payload)
        match message.type:
            case IcmpType.ECHO_REQUEST:
                return self._echo(frame, packet, message, now_ns)
            case IcmpType.DESTINATION_UNREACHABLE if message.code == CODE_FRAGMENTATION_NEEDED:
                return (Tally(Count.ICMP_FRAGMENTATION_NEEDED),)
            case IcmpType.DESTINATION_UNREACHABLE:
                return (Tally(Count.ICMP_UNREACHABLE),)
            case _:
                return _IGNORED

    def _is_for_us(self, frame: EthernetFrame, packet: Ipv4Packet) -> bool:
        """Whether it is unicast in MAC and IP (RFC 1122 §3.2.2.6: an echo to a broadcast need not be
        answered), not a fragment, and without options: a reply to a source-routed request would have to take
        the same route back."""
        return (
            frame.destination == self._identity.mac
            and packet.destination == self._identity.ipv4
            and packet.protocol == PROTOCOL_ICMP
            and not packet.is_fragment
            and not packet.options
        )

    def _echo(
        self, frame: EthernetFrame, packet: Ipv4Packet, request: IcmpMessage, now_ns: int
    ) -> tuple[Action, ...]:
        next_hop = self._identity.routing.next_hop(packet.source)
        if (
            isinstance(next_hop, NoNextHop)
            or not frame.source.is_unicast
            or len(request.payload) > MAX_ECHO_PAYLOAD
        ):
            return _IGNORED
        if not self._echoes.take(now_ns):
            return (Tally(Count.CONTROL_RATE_LIMITED),)
        reply = self._reply_frame(frame, packet, request)
        if next_hop == packet.source:
            return (SendFrame(reply, Count.ICMP_ECHO_REPLIES),)
        return (Tally(Count.ICMP_ECHO_REPLIES), *self._neighbours.send(next_hop, reply, now_ns))

    def _reply_frame(self, frame: EthernetFrame, packet: Ipv4Packet, request: IcmpMessage) -> bytes:
        """The reply goes to the station that the request came from; the neighbour table replaces that MAC if
        the way back is a different one."""
        reply = Ipv4Packet(
            source=self._identity.ipv4,
            destination=packet.source,
            protocol=PROTOCOL_ICMP,
            payload=replace(request, type=IcmpType.ECHO_REPLY).emit(),
            type_of_service=packet.type_of_service,  # RFC 1349 §5.1
            dont_fragment=True,  # an atomic datagram, whose identification means nothing (RFC 6864 §4.1)
        )
        return EthernetFrame(frame.source, self._identity.mac, EtherType.IPV4, reply.emit()).emit()
