"""Neighbour discovery (RFC 4861 §4): the bodies of four ICMPv6 messages, and their options.

Of a router advertisement we read only what a host with configured addresses can use: who routes and for how
long, the router's MAC, and the link's MTU. Prefixes are for hosts that make addresses from them.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address

from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.icmpv6 import Icmpv6Message, Icmpv6Type
from aeron_dpdk.wire.packet import Malformed

HOP_LIMIT = 255  # RFC 4861 §3.1: a packet with another one has crossed a router, and is forged

_ROUTER = 0x80
_SOLICITED = 0x40
_OVERRIDE = 0x20
_ADVERTISEMENT = struct.Struct("!BBH")
_TIMERS = struct.Struct("!II")


class OptionType(IntEnum):
    SOURCE_LINK_LAYER_ADDRESS = 1
    TARGET_LINK_LAYER_ADDRESS = 2
    MTU = 5


@dataclass(frozen=True, slots=True)
class NeighbourSolicitation:
    """`source_mac` is None in a probe for a duplicate (RFC 4862 §5.4.2)."""

    target: IPv6Address
    source_mac: Mac | None = None

    def emit(self) -> Icmpv6Message:
        options = _link_layer_option(OptionType.SOURCE_LINK_LAYER_ADDRESS, self.source_mac)
        return Icmpv6Message(Icmpv6Type.NEIGHBOUR_SOLICITATION, 0, bytes(4), self.target.packed + options)


@dataclass(frozen=True, slots=True)
class NeighbourAdvertisement:
    target: IPv6Address
    target_mac: Mac | None
    is_router: bool = False
    is_solicited: bool = False
    is_override: bool = False

    def emit(self) -> Icmpv6Message:
        flags = (
            (_ROUTER if self.is_router else 0)
            | (_SOLICITED if self.is_solicited else 0)
            | (_OVERRIDE if self.is_override else 0)
        )
        options = _link_layer_option(OptionType.TARGET_LINK_LAYER_ADDRESS, self.target_mac)
        return Icmpv6Message(
            Icmpv6Type.NEIGHBOUR_ADVERTISEMENT, 0, bytes((flags, 0, 0, 0)), self.target.packed + options
        )


@dataclass(frozen=True, slots=True)
class RouterSolicitation:
    source_mac: Mac | None = None

    def emit(self) -> Icmpv6Message:
        options = _link_layer_option(OptionType.SOURCE_LINK_LAYER_ADDRESS, self.source_mac)
        return Icmpv6Message(Icmpv6Type.ROUTER_SOLICITATION, 0, bytes(4), options)


@dataclass(frozen=True, slots=True)
class RouterAdvertisement:
    """`lifetime_s` is how long the sender is a default router; 0: it is none."""

    lifetime_s: int
    source_mac: Mac | None = None
    mtu: int | None = None


NeighbourDiscovery = NeighbourSolicitation | NeighbourAdvertisement | RouterSolicitation | RouterAdvertisement


def parse_ndp(message: Icmpv6Message) -> NeighbourDiscovery | None:
    """None for a message that is not one of the four. Raises Malformed. The caller must check what depends on
    the packet around it (hop limit, addresses)."""
    if message.type not in _READERS:
        return None
    if message.code != 0:
        raise Malformed(f"ndp: code {message.code}")
    return _READERS[Icmpv6Type(message.type)](message)


def _solicitation(message: Icmpv6Message) -> NeighbourSolicitation:
    target, options = _target(message.payload)
    return NeighbourSolicitation(target, _mac(options, OptionType.SOURCE_LINK_LAYER_ADDRESS))


def _advertisement(message: Icmpv6Message) -> NeighbourAdvertisement:
    target, options = _target(message.payload)
    flags = message.rest_of_header[0]
    return NeighbourAdvertisement(
        target,
        _mac(options, OptionType.TARGET_LINK_LAYER_ADDRESS),
        is_router=bool(flags & _ROUTER),
        is_solicited=bool(flags & _SOLICITED),
        is_override=bool(flags & _OVERRIDE),
    )


def _router_solicitation(message: Icmpv6Message) -> RouterSolicitation:
    return RouterSolicitation(_mac(message.payload, OptionType.SOURCE_LINK_LAYER_ADDRESS))


def _router_advertisement(message: Icmpv6Message) -> RouterAdvertisement:
    if len(message.payload) < _TIMERS.size:
        raise Malformed(f"ndp: a router advertisement of {len(message.payload)} bytes behind its header")
    options = message.payload[_TIMERS.size :]
    mtu: int | None = None
    for kind, body in _options(options):
        if kind == OptionType.MTU and len(body) == 6:
            mtu = int.from_bytes(body[2:], "big")
    _, _, lifetime_s = _ADVERTISEMENT.unpack(message.rest_of_header)
    mac = _mac(options, OptionType.SOURCE_LINK_LAYER_ADDRESS)
    return RouterAdvertisement(lifetime_s, mac, mtu)


_READERS: dict[Icmpv6Type, Callable[[Icmpv6Message], NeighbourDiscovery]] = {
    Icmpv6Type.NEIGHBOUR_SOLICITATION: _solicitation,
    Icmpv6Type.NEIGHBOUR_ADVERTISEMENT: _advertisement,
    Icmpv6Type.ROUTER_SOLICITATION: _router_solicitation,
    Icmpv6Type.ROUTER_ADVERTISEMENT: _router_advertisement,
}


def _target(payload: bytes) -> tuple[IPv6Address, bytes]:
    if len(payload) < 16:
        raise Malformed(f"ndp: {len(payload)} bytes are no target")
    target = IPv6Address(payload[:16])
    if target.is_multicast:
        raise Malformed(f"ndp: the target {target} is a group")
    return target, payload[16:]


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and what follows type and length; one of length 0 makes all malformed (RFC 4861 §4.6)."""
    while data:
        length = 8 * data[1] if len(data) >= 2 else 0
        if not 0 < length <= len(data):
            raise Malformed(f"ndp: an option of {length} in {len(data)} bytes")
        yield data[0], data[2:length]
        data = data[length:]


def _mac(options: bytes, kind: OptionType) -> Mac | None:
    """The MAC of Ethernet (RFC 2464 §6); the first one if there are several, as in native/wire/ipv6/ndp.h."""
    macs = [Mac(body) for each, body in _options(options) if each == kind and len(body) == 6]
    return macs[0] if macs else None


def _link_layer_option(kind: OptionType, mac: Mac | None) -> bytes:
    return b"" if mac is None else bytes((kind, 1)) + mac.octets
