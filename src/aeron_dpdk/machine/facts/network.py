"""Interfaces, addresses and routes, as netlink shows them (man 7 rtnetlink)."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pyroute2 import IPRoute

from aeron_dpdk.machine.facts.ethtool import count_steering_rules, has_secure_on, read_link_mode
from aeron_dpdk.machine.facts.interface import (
    InterfaceAddress,
    KernelInterface,
    Network,
    Route,
    StaticNeighbour,
)

_IFF_UP = 0x1
_FOREVER = 0xFFFFFFFF
_UNICAST = 1  # RTN_UNICAST: all others are the kernel's own local, broadcast and multicast routes
_KERNEL = 2  # RTPROT_KERNEL: routes that come and go with the addresses
_LINK_SCOPE = 253
_ONLINK = 0x4  # RTNH_F_ONLINK
_8021Q = 0x8100  # ETH_P_8021Q
_REORDER_HEADERS = 0x1  # VLAN_FLAG_REORDER_HDR, which ip-link sets
_PERMANENT = 0x80  # NUD_PERMANENT
# The attributes that a `Route` keeps, and those that the kernel adds by itself.
_ROUTE_ATTRIBUTES = frozenset(
    f"RTA_{name}"
    for name in ("TABLE", "DST", "GATEWAY", "PREFSRC", "PRIORITY", "OIF", "METRICS", "CACHEINFO", "PREF")
)


def read_network() -> Network:
    """By name; of the network namespace that we are in."""
    with IPRoute() as netlink:
        links = [message for message in netlink.get_links()]
        addresses = [message for message in netlink.get_addr()]
        routes = [message for message in netlink.get_routes()]
        neighbours = [message for message in netlink.get_neighbours()]
        disciplines = [message for message in netlink.get_qdiscs()]
    names = {message["index"]: message.get("ifname") for message in links}
    return _with_vlans(
        {
            name: replace(
                _interface(message, names, addresses, routes),
                neighbours=tuple(sorted(_static_neighbours(message["index"], neighbours), key=str)),
                beyond_saving=(
                    *_routes_beyond_saving(message["index"], routes),
                    *_disciplines_that_were_set(message["index"], disciplines),
                    *_of_ethtool(name),
                ),
            )
            for message in links
            if (name := message.get("ifname"))
        }
    )


def _with_vlans(network: Network) -> Network:
    return {
        name: replace(
            interface,
            vlans=tuple(each for each in network.values() if each.lower == name and each.vlan is not None),
        )
        for name, interface in network.items()
    }


def _interface(
    link: Any, names: Mapping[int, str], addresses: Iterable[Any], routes: Iterable[Any]
) -> KernelInterface:
    index = link["index"]
    vlan, priority = vlan_of(link)
    return KernelInterface(
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
        vlan=vlan,
        vlan_priority=priority,
    )


def vlan_of(link: Any) -> tuple[int | None, int]:
    """Number and priority. The number is None unless it is an IEEE 802.1Q VLAN with nothing set but one
    priority for all that is sent."""
    info = link.get("linkinfo")
    data = info.get("data") if info is not None and info.get("kind") == "vlan" else None
    if data is None:
        return None, 0
    flags = data.get("vlan_flags")
    mapped = data.get("vlan_egress_qos")
    egress = mapped.get_attrs("IFLA_VLAN_QOS_MAPPING") if mapped is not None else ()
    is_simple = (
        data.get("vlan_protocol") == _8021Q
        and (flags is None or flags["flags"] == _REORDER_HEADERS)
        and data.get("vlan_ingress_qos") is None
        and all(each["from"] == 0 for each in egress)
    )
    return (data.get("vlan_id"), next((each["to"] for each in egress), 0)) if is_simple else (None, 0)


def _address(message: Any) -> InterfaceAddress:
    own = message.get("local") or message.get("address")
    lifetimes = message.get("cacheinfo")
    return InterfaceAddress(
        cidr=f"{own}/{message['prefixlen']}",
        broadcast=message.get("broadcast"),
        label=message.get("label"),
        valid_s=_lifetime(lifetimes["ifa_valid"]),
        preferred_s=_lifetime(lifetimes["ifa_preferred"]),
    )


def _lifetime(seconds: int) -> int | None:
    return None if seconds == _FOREVER else seconds


def _routes_over(index: int, routes: Iterable[Any]) -> Iterator[Route]:
    """A multipath route counts for each interface that it uses."""
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
    """Those without the handle 0, which the kernel gives to its own (net/sched/sch_api.c)."""
    for message in disciplines:
        if message["index"] == index and message["handle"] != 0:
            yield f"the queueing discipline {message.get('kind')}"


def _of_ethtool(name: str) -> Iterator[str]:
    with suppress(OSError):
        if number := count_steering_rules(name):
            yield f"{number} steering rules (ethtool -n {name})"
    if has_secure_on(name):
        yield f"the password of Wake-on-LAN (ethtool -s {name} wol s)"
    with suppress(OSError):
        if read_link_mode(name).is_unknown:
            yield f"the fixed speed of {name}, which its driver tells only while the link is up"
