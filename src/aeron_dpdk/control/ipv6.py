"""The IPv6 side of an interface: neighbour discovery, routers, MLD and ICMPv6 together."""

from collections.abc import Iterable

from aeron_dpdk.control.actions import Action, GiveUp, Tally, UseGateway
from aeron_dpdk.control.data_plane import Count, Witness
from aeron_dpdk.control.duplicates import Duplicates
from aeron_dpdk.control.icmpv6 import Icmpv6Responder
from aeron_dpdk.control.ipv6_routing import UNSPECIFIED_IPV6, Ipv6Identity
from aeron_dpdk.control.mld import MldHost
from aeron_dpdk.control.ndp import NdpResponder
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.routers import Routers
from aeron_dpdk.wire.ethernet import EthernetFrame, group_mac
from aeron_dpdk.wire.icmpv6 import Icmpv6Type, Received
from aeron_dpdk.wire.ndp import (
    HOP_LIMIT,
    NeighbourAdvertisement,
    NeighbourSolicitation,
    RouterAdvertisement,
    parse_ndp,
)
from aeron_dpdk.wire.packet import Address

_IGNORED = (Tally(Count.NDP_IGNORED),)
_MLD_TYPES = frozenset({Icmpv6Type.MLD_QUERY, Icmpv6Type.MLD_V1_REPORT})
_NDP_TYPES = frozenset(
    {
        Icmpv6Type.ROUTER_SOLICITATION,
        Icmpv6Type.ROUTER_ADVERTISEMENT,
        Icmpv6Type.NEIGHBOUR_SOLICITATION,
        Icmpv6Type.NEIGHBOUR_ADVERTISEMENT,
    }
)


class Ipv6Host:
    def __init__(self, identity: Ipv6Identity, witness: Witness, now_ns: int) -> None:
        self._identity = identity
        self.neighbours = Neighbours(identity.routing, identity.mac, witness)
        self.duplicates = Duplicates(identity)
        self._ndp = NdpResponder(identity, self.neighbours, self.duplicates)
        self._routers = Routers(identity, self.neighbours)
        self._icmp = Icmpv6Responder(identity, self.neighbours)
        self._mld = MldHost(identity)
        self._has_begun = False
        self._mld.follow((), now_ns)
        self.duplicates.ask(now_ns)

    @property
    def identity(self) -> Ipv6Identity:
        return self._identity

    @property
    def due_ns(self) -> int:
        """When advance() has something to do."""
        return min(
            self.duplicates.due_ns,
            self._ndp.due_ns,
            self._routers.due_ns,
            self._mld.due_ns,
            self.neighbours.due_ns,
        )

    def follow(self, groups: Iterable[Address], now_ns: int) -> None:
        self._mld.follow(groups, now_ns)

    def link_went_down(self) -> None:
        self.duplicates.link_went_down()

    def link_came_up(self, now_ns: int) -> tuple[Action, ...]:
        """The link may lead to another network now."""
        if self.duplicates.link_came_up(now_ns):
            self._mld.speak_from(UNSPECIFIED_IPV6, now_ns)
            self._has_begun = False
            return ()
        self._mld.link_came_up(now_ns)
        self._ndp.announce(now_ns)
        self._routers.solicit(now_ns)
        return self._watched(self.neighbours.link_came_up(now_ns), now_ns)

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        """MLD comes first: a switch may not send us a group before it knows that we listen to it."""
        actions = [*self._mld.advance(now_ns), *self.duplicates.advance(now_ns)]
        if self.duplicates.are_settled and not self._has_begun:
            self._has_begun = True
            actions += self._begin(now_ns)
        actions += self._ndp.advance(now_ns)
        actions += self._routers.advance(now_ns)
        actions += self._watched(self.neighbours.advance(now_ns), now_ns)
        return tuple(actions)

    def _begin(self, now_ns: int) -> tuple[Action, ...]:
        """Duplicate address detection has ended: the addresses are ours."""
        if self._identity.link_local not in self.duplicates.found:
            self._mld.speak_from(self._identity.link_local, now_ns)
        self._ndp.announce(now_ns)
        self._routers.solicit(now_ns)
        gateway = self._identity.gateway
        return () if gateway is None else (UseGateway(gateway),)

    def farewell(self) -> tuple[Action, ...]:
        return self._mld.farewell()

    def receive(self, frame: EthernetFrame, now_ns: int) -> tuple[Action, ...]:
        """Handles an IPv6 frame. Raises Malformed."""
        received = Received.parse(frame)
        if received.message.type in _MLD_TYPES:
            return self._mld.receive(received, now_ns)
        if received.message.type in _NDP_TYPES:
            return self._discover(received, now_ns)
        return self._icmp.receive(received, now_ns)

    def _discover(self, received: Received, now_ns: int) -> tuple[Action, ...]:
        """A packet with a hop limit of 255 has not crossed a router (RFC 4861 §3.1)."""
        frame, packet = received.frame, received.packet
        if (
            packet.hop_limit != HOP_LIMIT
            or packet.hop_by_hop  # after such a header, the data path does not look for contradictions
            or not self._identity.hears(packet.destination)
            or frame.destination not in (self._identity.mac, group_mac(packet.destination))
            or not frame.source.is_unicast
        ):
            return _IGNORED
        match parse_ndp(received.message):
            case NeighbourSolicitation() as message:
                return self._ndp.solicited(received, message, now_ns)
            case NeighbourAdvertisement() as message:
                return self._ndp.advertised(received, message, now_ns)
            case RouterAdvertisement() as message:
                return self._routers.advertised(received, message, now_ns)
            case _:
                return _IGNORED

    def _watched(self, actions: tuple[Action, ...], now_ns: int) -> tuple[Action, ...]:
        """Gives up a router that no longer answers."""
        silent = [each.address for each in actions if isinstance(each, GiveUp)]
        return (*actions, *(one for each in silent for one in self._routers.fell_silent(each, now_ns)))
