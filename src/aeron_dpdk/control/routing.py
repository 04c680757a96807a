"""Where a datagram goes next, and who we are on the link. native/stack has the same rule for the data path;
tests/routing_cases.csv binds both.
"""

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Protocol

from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address


class Reach(Protocol):
    def is_neighbour(self, address: Address) -> bool:
        """Whether datagrams for `address` go to it directly: only such addresses need a MAC."""


class NoNextHop(Enum):
    """Why a destination has no next hop on the link."""

    LOCAL = "local"
    UNREACHABLE = "unreachable"


def is_unicast(address: IPv4Address) -> bool:
    """Whether it can be one host's address: not "this network", loopback, multicast or reserved (RFC 1122
    §3.2.1.3)."""
    first_octet = address.packed[0]
    return 0 < first_octet < 224 and first_octet != 127


@dataclass(frozen=True, slots=True)
class Routing:
    """If `prefix_length` is None or 0, it is unknown: everything goes to the gateway; without a gateway,
    everything is on-link."""

    local: IPv4Address
    prefix_length: int | None
    gateway: IPv4Address | None

    def next_hop(self, destination: IPv4Address) -> IPv4Address | NoNextHop:
        if destination == self.local:
            return NoNextHop.LOCAL
        if not is_unicast(destination) or self._is_subnet_broadcast(destination):
            return NoNextHop.UNREACHABLE
        if self._is_on_link(destination):
            return destination
        return self.gateway or NoNextHop.UNREACHABLE

    def is_neighbour(self, address: Address) -> bool:
        return isinstance(address, IPv4Address) and self.next_hop(address) == address

    def _is_on_link(self, destination: IPv4Address) -> bool:
        if not self.prefix_length:
            return self.gateway is None
        return (int(destination) ^ int(self.local)) >> (32 - self.prefix_length) == 0

    def _is_subnet_broadcast(self, destination: IPv4Address) -> bool:
        """Whether all host bits are one or all are zero (RFC 1122 §3.3.6); a /31 or /32 has no broadcast (RFC
        3021)."""
        if not self.prefix_length or self.prefix_length > 30 or not self._is_on_link(destination):
            return False
        host_mask = (1 << (32 - self.prefix_length)) - 1
        return int(destination) & host_mask in (0, host_mask)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the port is on its link."""

    mac: Mac
    routing: Routing

    @property
    def ipv4(self) -> IPv4Address:
        return self.routing.local
