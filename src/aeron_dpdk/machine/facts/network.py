"""Interfaces, addresses and routes, as netlink shows them (man 7 rtnetlink)."""

import socket
from collections.abc import Iterable
from typing import Any

from pyroute2 import IPRoute

from aeron_dpdk.machine.facts.interface import Address, Interface, Network, Route

_IFF_UP = 0x1
_FOREVER = 0xFFFFFFFF
_UNICAST = 1  # RTN_UNICAST: what remains are the kernel's own local, broadcast and multicast routes
_KERNEL = 2  # RTPROT_KERNEL: these come and go with the addresses
_LINK_SCOPE = 253


def read_network() -> Network:
    """By name, of the network namespace we are in."""
    with IPRoute() as netlink:
        links = [message for message in netlink.get_links()]
        addresses = [message for message in netlink.get_addr()]
        routes = [message for message in netlink.get_routes()]
    return {message.get("ifname"): _interface(message, addresses, routes) for message in links}


def _interface(link: Any, addresses: Iterable[Any], routes: Iterable[Any]) -> Interface:
    index = link["index"]
    return Interface(
        name=link.get("ifname"),
        mac=link.get("address") or "",
        mtu=link.get("mtu"),
        is_up=bool(link["flags"] & _IFF_UP),
        has_carrier=link.get("carrier") == 1,
        addresses=tuple(
            _address(message)
            for message in addresses
            if message["index"] == index and message["scope"] != _LINK_SCOPE
        ),
        routes=tuple(_route(message) for message in routes if _is_set_on(message, index)),
    )


def _address(message: Any) -> Address:
    own = message.get("local") or message.get("address")
    lifetimes = message.get("cacheinfo")
    return Address(
        cidr=f"{own}/{message['prefixlen']}",
        broadcast=message.get("broadcast"),
        label=message.get("label"),
        valid_s=_lifetime(lifetimes["ifa_valid"]),
        preferred_s=_lifetime(lifetimes["ifa_preferred"]),
    )


def _lifetime(seconds: int) -> int | None:
    return None if seconds == _FOREVER else seconds


def _is_set_on(message: Any, index: int) -> bool:
    return bool(message.get("oif") == index and message["type"] == _UNICAST and message["proto"] != _KERNEL)


def _route(message: Any) -> Route:
    everything = "0.0.0.0" if message["family"] == socket.AF_INET else "::"
    return Route(
        destination=f"{message.get('dst') or everything}/{message['dst_len']}",
        gateway=message.get("gateway"),
        source=message.get("prefsrc"),
        table=message.get("table"),
        protocol=message["proto"],
        scope=message["scope"],
        metric=message.get("priority"),
    )
