"""The router for IPv6 datagrams that leave the link: the one that is set, or one that advertises itself (RFC
4861 §6.3). Addresses are never made from advertisements: a driver has only those that are set.

An advertisement proves nothing. So the router in use stays as long as it is alive, however many others
advertise themselves; an advertisement of it from another MAC than its confirmed one is ignored; and only a
few routers are kept.
"""

from ipaddress import IPv6Address

from aeron_dpdk.control.actions import Action, ReportLinkMtu, SendFrame, Tally, UseGateway
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.ipv6_routing import ALL_ROUTERS, Ipv6Identity, is_link_local
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS
from aeron_dpdk.wire.ethernet import group_mac
from aeron_dpdk.wire.icmpv6 import Received, icmpv6_frame
from aeron_dpdk.wire.ndp import HOP_LIMIT, RouterAdvertisement, RouterSolicitation
from aeron_dpdk.wire.packet import Address

# RFC 4861 §10
MAX_SOLICITATIONS = 3
SOLICITATION_INTERVAL_NS = 4 * NANOSECONDS

MAX_ROUTERS = 4  # RFC 4861 §5.1 asks for two at least

_IGNORED = (Tally(Count.NDP_IGNORED),)
_HEARD = Tally(Count.NDP_ROUTER_ADVERTISEMENTS)


class Routers:
    def __init__(self, identity: Ipv6Identity, neighbours: Neighbours) -> None:
        self._identity = identity
        self._neighbours = neighbours
        self._is_fixed = identity.gateway is not None
        self._expires_ns: dict[IPv6Address, int] = {}
        self._silent: set[IPv6Address] = set()
        self._solicitations_left = 0
        self._solicit_ns = NEVER_NS
        self._solicited_ns = -SOLICITATION_INTERVAL_NS
        self._is_mtu_reported = False

    @property
    def gateway(self) -> IPv6Address | None:
        return self._identity.routing.gateway

    @property
    def due_ns(self) -> int:
        """When advance() has something to do."""
        return min(self._solicit_ns, min(self._expires_ns.values(), default=NEVER_NS))

    def solicit(self, now_ns: int) -> None:
        """Makes advance() solicit advertisements; routers that were silent get another chance."""
        self._silent.clear()
        if not self._is_fixed:
            self._solicitations_left = MAX_SOLICITATIONS
            self._solicit_ns = max(now_ns, self._solicited_ns + SOLICITATION_INTERVAL_NS)

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        asked: tuple[Action, ...] = ()
        if self._solicit_ns <= now_ns:
            self._solicitations_left -= 1
            self._solicited_ns = now_ns
            self._solicit_ns = now_ns + SOLICITATION_INTERVAL_NS if self._solicitations_left > 0 else NEVER_NS
            asked = (self._solicitation(),)
        for router in [each for each, expires_ns in self._expires_ns.items() if expires_ns <= now_ns]:
            self._remove(router)
        return (*asked, *self._choose(now_ns))

    def advertised(self, received: Received, message: RouterAdvertisement, now_ns: int) -> tuple[Action, ...]:
        """RFC 4861 §6.1.2, §6.3.4."""
        router, mac = received.packet.source, message.source_mac or received.frame.source
        if self._is_fixed or not is_link_local(router) or self._identity.routing.is_own(router):
            return _IGNORED
        if self._neighbours.is_known_otherwise(router, mac):
            return (*_IGNORED, *self._neighbours.heard(router, mac, now_ns))
        if message.lifetime_s == 0:
            self._remove(router)
        elif router in self._expires_ns or len(self._expires_ns) < MAX_ROUTERS:
            self._expires_ns[router] = now_ns + message.lifetime_s * NANOSECONDS
            self._silent.discard(router)
            self._solicit_ns = NEVER_NS
        else:
            return _IGNORED
        return (_HEARD, *self._report_mtu(router, message.mtu), *self._choose(now_ns))

    def fell_silent(self, address: Address, now_ns: int) -> tuple[Action, ...]:
        """A neighbour did not answer; it may be the router in use."""
        if address != self.gateway or address not in self._expires_ns:
            return ()
        assert isinstance(address, IPv6Address)
        self._silent.add(address)
        return self._choose(now_ns)

    def _choose(self, now_ns: int) -> tuple[Action, ...]:
        """The one in use; otherwise the first that is not known to be silent; otherwise the first (RFC 4861
        §6.3.6)."""
        if self._is_fixed:
            return ()
        current = self.gateway
        if current in self._expires_ns and current not in self._silent:
            return ()
        known = list(self._expires_ns)
        best = next((each for each in known if each not in self._silent), next(iter(known), None))
        if best == current:
            return ()
        self._identity.routing.gateway = best
        if best is None:
            self.solicit(now_ns)
        return (UseGateway(best),)

    def _remove(self, router: IPv6Address) -> None:
        self._expires_ns.pop(router, None)
        self._silent.discard(router)

    def _report_mtu(self, router: IPv6Address, mtu: int | None) -> tuple[Action, ...]:
        if mtu is None or mtu >= self._identity.mtu or self._is_mtu_reported:
            return ()
        self._is_mtu_reported = True
        return (ReportLinkMtu(router, mtu),)

    def _solicitation(self) -> SendFrame:
        us = self._identity
        frame = icmpv6_frame(
            RouterSolicitation(us.mac).emit(),
            (us.mac, group_mac(ALL_ROUTERS)),
            (us.link_local, ALL_ROUTERS),
            hop_limit=HOP_LIMIT,
        )
        return SendFrame(frame, Count.NDP_ROUTER_SOLICITATIONS_SENT)
