"""Interfaces, addresses and routes, as netlink shows them (man 7 rtnetlink)."""

import socket
from collections.abc import Iterable, Iterator, Mapping
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
    names = {message["index"]: message.get("ifname") for message in links}
    return {
        name: _interface(message, names, addresses, routes)
        for message in links
        if (name := message.get("ifname"))
    }


def _interface(
    link: Any, names: Mapping[int, str], addresses: Iterable[Any], routes: Iterable[Any]
) -> Interface:
    index = link["index"]
    return Interface(
        name=link.get("ifname"),
        mac=link.get("address") or "",
        mtu=link.get("mtu"),
        permanent_mac=link.get("perm_address"),
        is_up=bool(link["flags"] & _IFF_UP),
        has_carrier=link.get("carrier") == 1,
        addresses=tuple(
            _address(message)
            for message in addresses
            if message["index"] == index and message["scope"] != _LINK_SCOPE
        ),
        routes=tuple(_routes_over(index, routes)),
        link_local=tuple(
            str(message.get("address"))
            for message in addresses
            if message["index"] == index and message["scope"] == _LINK_SCOPE
        ),
        master=names.get(link.get("master")),
        lower=names.get(link.get("link")) if link.get("link_netnsid") is None else None,
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


def _routes_over(index: int, routes: Iterable[Any]) -> Iterator[Route]:
    """A route of several paths counts for each interface that it goes over."""
    for message in routes:
        if message["type"] == _UNICAST and message["proto"] != _KERNEL:
            for path in message.get("multipath") or (message,):
                if (path.get("oif") or 0) == index:
                    yield _route(message, path.get("gateway"))


def _route(message: Any, gateway: str | None) -> Route:
    everything = "0.0.0.0" if message["family"] == socket.AF_INET else "::"
    return Route(
        destination=f"{message.get('dst') or everything}/{message['dst_len']}",
        gateway=gateway,
        source=message.get("prefsrc"),
        table=message.get("table"),
        protocol=message["proto"],
        scope=message["scope"],
        metric=message.get("priority"),
    )
