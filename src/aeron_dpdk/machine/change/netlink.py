"""Giving an interface back what it had, over netlink."""

import errno
from ipaddress import ip_interface
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.network import read_network


def configure(name: str, wanted: KernelInterface) -> None:
    """Raises OSError. What is there beyond `wanted` goes."""
    try:
        with IPRoute() as netlink:
            index = _index(netlink, name)
            if wanted.master is None and read_network()[name].master is not None:
                netlink.link("set", index=index, master=0)
            present = read_network()[name]  # a bond gives back the MAC address that it had replaced
            kept_vlans = {each.name for each in wanted.vlans}
            for vlan in present.vlans:
                if vlan.name not in kept_vlans:
                    netlink.link("del", index=_index(netlink, vlan.name))
            _configure_link(netlink, index, present, wanted)
            kept = {address.cidr for address in wanted.addresses}
            for address in present.addresses:
                if address.cidr not in kept:
                    _delete_address(netlink, index, address)
            for address in wanted.addresses:
                netlink.addr("replace", index=index, **_address_key(address), **_address_rest(address))
            for route in _gateways_last(wanted.routes) if wanted.is_up else ():
                _add_route(netlink, index, route)
            for neighbour in wanted.neighbours if wanted.is_up else ():
                netlink.neigh(
                    "replace", ifindex=index, dst=neighbour.ip, lladdr=neighbour.mac, state="permanent"
                )
            there = {each.name for each in present.vlans}
            for vlan in wanted.vlans:
                if vlan.name not in there:
                    _add_vlan(netlink, index, vlan)
    except NetlinkError as error:
        raise OSError(error.code, f"{name}: {error}") from error
    for vlan in wanted.vlans:
        configure(vlan.name, vlan)


def _add_vlan(netlink: Any, lower: int, vlan: KernelInterface) -> None:
    given: dict[str, object] = {"ifname": vlan.name, "link": lower, "vlan_id": vlan.vlan}
    if vlan.vlan_priority:
        mapping = {"from": 0, "to": vlan.vlan_priority}
        given["vlan_egress_qos"] = {"attrs": [("IFLA_VLAN_QOS_MAPPING", mapping)]}
    netlink.link("add", kind="vlan", **given)


def _index(netlink: Any, name: str) -> int:
    found: list[int] = netlink.link_lookup(ifname=name)
    if not found:
        raise OSError(errno.ENODEV, f"there is no interface {name}")
    return found[0]


def _configure_link(netlink: Any, index: int, present: KernelInterface, wanted: KernelInterface) -> None:
    changes: dict[str, object] = {}
    if present.mac != wanted.mac:
        changes["address"] = wanted.mac
    if present.name != wanted.name:
        changes["ifname"] = wanted.name
    joins = wanted.master is not None and wanted.master != present.master
    if changes or joins or (present.is_up and not wanted.is_up):
        # A name changes only while the link is down, and a bond takes no other.
        netlink.link("set", index=index, state="down")
        if changes:
            netlink.link("set", index=index, **changes)
    if present.mtu != wanted.mtu:
        netlink.link("set", index=index, mtu=wanted.mtu)
    if joins:
        netlink.link("set", index=index, master=_index(netlink, str(wanted.master)))
    if wanted.is_up:
        netlink.link("set", index=index, state="up")


def _delete_address(netlink: Any, index: int, address: InterfaceAddress) -> None:
    """IPv6 addresses go with the link, secondary ones with the first of their network."""
    try:
        netlink.addr("del", index=index, **_address_key(address))
    except NetlinkError as error:
        if error.code != errno.EADDRNOTAVAIL:
            raise


def _address_key(address: InterfaceAddress) -> dict[str, object]:
    return {"address": str(address.interface.ip), "prefixlen": address.interface.network.prefixlen}


def _address_rest(address: InterfaceAddress) -> dict[str, object]:
    rest: dict[str, object] = {}
    if address.broadcast is not None:
        rest["broadcast"] = address.broadcast
    if address.label is not None:
        rest["label"] = address.label
    if address.valid_s is not None:
        rest["valid_lft"], rest["preferred_lft"] = address.valid_s, address.preferred_s or 0
    return rest


def _gateways_last(routes: tuple[Route, ...]) -> list[Route]:
    """A gateway is accepted only once it can be reached."""
    return sorted(routes, key=lambda route: route.gateway is not None)


def _add_route(netlink: Any, index: int, route: Route) -> None:
    rest = {"gateway": route.gateway, "prefsrc": route.source, "priority": route.metric}
    arguments = {
        "dst": str(ip_interface(route.destination)),
        "oif": index,
        "table": route.table,
        "proto": route.protocol,
        "scope": route.scope,
        **{name: value for name, value in rest.items() if value is not None},
        **({"flags": ["onlink"]} if route.is_onlink else {}),
        **({"metrics": dict(route.metrics)} if route.metrics else {}),
    }
    try:
        netlink.route("add", **arguments)
    except NetlinkError as error:
        if error.code != errno.EEXIST:  # somebody such as a DHCP client was quicker
            raise
