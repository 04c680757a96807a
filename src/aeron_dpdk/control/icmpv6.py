"""ICMPv6 other than neighbour discovery and MLD: echoes, and what routers report (RFC 4443)."""

from dataclasses import replace
from ipaddress import IPv6Address

from aeron_dpdk.control.actions import Action, ReportTooBig, SendFrame, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.rate import TokenBucket
from aeron_dpdk.control.routing import NoNextHop
from aeron_dpdk.wire.icmpv6 import Icmpv6Type, Received, icmpv6_frame
from aeron_dpdk.wire.ipv6 import DEFAULT_HOP_LIMIT, HEADER_LENGTH

ECHOES_PER_SECOND = 1000
ECHOES_AT_ONCE = 100
MAX_ECHO_PAYLOAD = 8952  # `ping -s 8952` fills an MTU of 9000

_IGNORED = (Tally(Count.ICMPV6_IGNORED),)


class Icmpv6Responder:
    def __init__(self, identity: Ipv6Identity, neighbours: Neighbours) -> None:
        self._identity = identity
        self._neighbours = neighbours
        self._echoes = TokenBucket(ECHOES_PER_SECOND, ECHOES_AT_ONCE)

    def receive(self, received: Received, now_ns: int) -> tuple[Action, ...]:
        packet, message = received.packet, received.message
        if received.frame.destination != self._identity.mac or not self._identity.routing.is_own(
            packet.destination
        ):
            return _IGNORED
        match message.type:
            case Icmpv6Type.ECHO_REQUEST:
                return self._echo(received, now_ns)
            case Icmpv6Type.PACKET_TOO_BIG:
                return self._too_big(received)
            case Icmpv6Type.DESTINATION_UNREACHABLE:
                return (Tally(Count.ICMPV6_UNREACHABLE),)
            case _:
                return _IGNORED

    def _too_big(self, received: Received) -> tuple[Action, ...]:
        """RFC 4443 §3.2; only if the packet whose header it cites may have been ours."""
        cited = received.message.payload
        if len(cited) < HEADER_LENGTH or not self._identity.routing.is_own(IPv6Address(cited[8:24])):
            return _IGNORED
        mtu = int.from_bytes(received.message.rest_of_header, "big")
        return (Tally(Count.ICMPV6_PACKET_TOO_BIG), ReportTooBig(IPv6Address(cited[24:40]), mtu))

    def _echo(self, received: Received, now_ns: int) -> tuple[Action, ...]:
        frame, packet, request = received.frame, received.packet, received.message
        next_hop = self._identity.routing.next_hop(packet.source)
        if (
            isinstance(next_hop, NoNextHop)
            or not frame.source.is_unicast
            or len(request.payload) > MAX_ECHO_PAYLOAD
        ):
            return _IGNORED
        if not self._echoes.take(now_ns):
            return (Tally(Count.CONTROL_RATE_LIMITED),)
        reply = icmpv6_frame(
            replace(request, type=Icmpv6Type.ECHO_REPLY),
            (self._identity.mac, frame.source),
            (packet.destination, packet.source),
            hop_limit=DEFAULT_HOP_LIMIT,
        )
        if next_hop == packet.source:
            return (SendFrame(reply, Count.ICMPV6_ECHO_REPLIES),)
        return (Tally(Count.ICMPV6_ECHO_REPLIES), *self._neighbours.send(next_hop, reply, now_ns))
