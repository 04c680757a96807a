"""Where an IPv6 datagram goes next, and who we are on the link (RFC 4291, RFC 4861 §5.2). native/stack has
the same rule for the data path.
"""

from collections.abc import Iterable
from ipaddress import IPv6Address, IPv6Interface, IPv6Network

from aeron_dpdk.control.routing import NoNextHop
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address

ALL_NODES = IPv6Address("ff02::1")
ALL_ROUTERS = IPv6Address("ff02::2")
UNSPECIFIED_IPV6 = IPv6Address("::")

_LINK_LOCAL = IPv6Network("fe80::/10")
_SOLICITED_NODE = int(IPv6Address("ff02::1:ff00:0"))


def is_unicast(address: IPv6Address) -> bool:
    """Whether it can be a host's address on a link: not a group, loopback, the unspecified address, or an
    IPv4-mapped one."""
    return not (address.is_multicast or address.is_loopback or address.is_unspecified or address.ipv4_mapped)


def is_link_local(address: IPv6Address) -> bool:
    return address in _LINK_LOCAL


def link_local(mac: Mac) -> IPv6Interface:
    """The address that every interface has, from its MAC (RFC 4291 appendix A, RFC 2464 §5)."""
    octets = mac.octets
    identifier = bytes((octets[0] ^ 0x02,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return IPv6Interface((b"\xfe\x80" + bytes(6) + identifier, 64))


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The group to which solicitations for `address` are sent (RFC 4291 §2.7.1)."""
    return IPv6Address(_SOLICITED_NODE | int(address) & 0xFFFFFF)


class Ipv6Routing:
    """Our addresses, each with its prefix on the link. `gateway` changes with what routers advertise."""

    def __init__(self, addresses: Iterable[IPv6Interface], gateway: IPv6Address | None = None) -> None:
        self._own = {each.ip: each.network for each in addresses}
        self.gateway = gateway

    def is_own(self, address: Address) -> bool:
        return address in self._own

    def next_hop(self, destination: IPv6Address) -> IPv6Address | NoNextHop:
        if destination in self._own:
            return NoNextHop.LOCAL
        if not is_unicast(destination):
            return NoNextHop.UNREACHABLE
        if is_link_local(destination) or any(destination in network for network in self._own.values()):
            return destination
        return self.gateway or NoNextHop.UNREACHABLE

    def is_neighbour(self, address: Address) -> bool:
        return isinstance(address, IPv6Address) and self.next_hop(address) == address

    def source_for(self, destination: IPv6Address) -> IPv6Address:
        """Our address of the destination's scope; if there are several, the one with the longest common
        prefix, or the first of those (RFC 6724 §5, rules 2 and 8)."""
        scope = is_link_local(destination)
        return max(
            self._own,
            key=lambda own: (is_link_local(own) == scope, -(int(own) ^ int(destination)).bit_length()),
        )


class Ipv6Identity:
    """Who the port is on its link. The link-local address is made from the MAC, unless one is given."""

    def __init__(
        self, mac: Mac, mtu: int, given: Iterable[IPv6Interface], gateway: IPv6Address | None
    ) -> None:
        addresses = tuple(given)
        if not any(is_link_local(each.ip) for each in addresses):
            addresses = (*addresses, link_local(mac))
        self.mac = mac
        self.mtu = mtu
        self.addresses = addresses
        self.gateway = gateway
        self.routing = Ipv6Routing(addresses, gateway)
        self.link_local = next(each.ip for each in addresses if is_link_local(each.ip))
        self.groups = frozenset(solicited_node(each.ip) for each in addresses)

    def hears(self, destination: IPv6Address) -> bool:
        """Whether this destination of neighbour discovery includes us."""
        return self.routing.is_own(destination) or destination == ALL_NODES or destination in self.groups
