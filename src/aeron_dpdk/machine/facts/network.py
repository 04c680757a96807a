"""Interfaces, addresses and routes, as netlink shows them (man 7 rtnetlink)."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pyroute2 import IPRoute

from aeron_dpdk.machine.facts.interface import (
    Address,
    Interface,
    Network,
    Route,
    StaticNeighbour,
)

_IFF_UP = 0x1
_FOREVER = 0xFFFFFFFF
_UNICAST = 1  # RTN_UNICAST: what remains are the kernel's own local, broadcast and multicast routes
_KERNEL = 2  # RTPROT_KERNEL: these come and go with the addresses
_LINK_SCOPE = 253
_ONLINK = 0x4  # RTNH_F_ONLINK
_PERMANENT = 0x80  # NUD_PERMANENT
# What a `Route` holds, and what the kernel adds by itself.
_ROUTE_ATTRIBUTES = frozenset(
    f"RTA_{name}"
    for name in ("TABLE", "DST", "GATEWAY", "PREFSRC", "PRIORITY", "OIF", "METRICS", "CACHEINFO", "PREF")
)


def read_network() -> Network:
    """By name, of the network namespace we are in."""
    with IPRoute() as netlink:
        links = [message for message in netlink.get_links()]
        addresses = [message for message in netlink.get_addr()]
        routes = [message for message in netlink.get_routes()]
        neighbours = [message for message in netlink.get_neighbours()]
        disciplines = [message for message in netlink.get_qdiscs()]
    names = {message["index"]: message.get("ifname") for message in links}
    return {
        name: replace(
            _interface(message, names, addresses, routes),
            neighbours=tuple(sorted(_static_neighbours(message["index"], neighbours), key=str)),
            beyond_saving=(
                *_routes_beyond_saving(message["index"], routes),
                *_disciplines_that_were_set(message["index"], disciplines),
            ),
        )
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
    metrics = message.get("metrics")
    return Route(
        destination=f"{message.get('dst') or everything}/{message['dst_len']}",
        gateway=gateway,
        source=message.get("prefsrc"),
        table=message.get("table"),
        protocol=message["proto"],
        scope=message["scope"],
        metric=message.get("priority"),
        is_onlink=bool(message["flags"] & _ONLINK),
        metrics=tuple(_metrics(metrics["attrs"]) if metrics else ()),
    )


def _metrics(attributes: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, int]]:
    for name, value in attributes:
        if isinstance(value, int):
            yield name.removeprefix("RTAX_").lower(), value


def _routes_beyond_saving(index: int, routes: Iterable[Any]) -> Iterator[str]:
    for message in routes:
        paths = message.get("multipath") or ()
        if message["type"] != _UNICAST or message["proto"] == _KERNEL:
            continue
        destination = _route(message, None).destination
        if any(path.get("oif") == index for path in paths):
            yield f"the route to {destination} over several paths"
        elif message.get("oif") == index and (message["tos"] or _has_more(message)):
            yield f"the route to {destination} with a TOS, an encapsulation or a nexthop object"


def _has_more(message: Any) -> bool:
    return any(name not in _ROUTE_ATTRIBUTES for name, _ in message["attrs"])


def _static_neighbours(index: int, neighbours: Iterable[Any]) -> Iterator[StaticNeighbour]:
    for message in neighbours:
        is_set = message["ifindex"] == index and message["state"] & _PERMANENT and message.get("lladdr")
        if is_set and message.get("dst"):
            yield StaticNeighbour(message.get("dst"), message.get("lladdr"))


def _disciplines_that_were_set(index: int, disciplines: Iterable[Any]) -> Iterator[str]:
    """The kernel gives its own the handle 0 (net/sched/sch_api.c)."""
    for message in disciplines:
        if message["index"] == index and message["handle"] != 0:
            yield f"the queueing discipline {message.get('kind')}"
