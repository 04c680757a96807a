"""Restores an interface: over netlink, and its device's settings by ethtool; the ethtool requests that
pyroute2 lacks raise OSError."""

import errno
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_interface
from typing import Any

from pyroute2 import IPRoute
from pyroute2.ethtool import Ethtool
from pyroute2.ethtool.ioctl import EthtoolError
from pyroute2.netlink.exceptions import NetlinkError

from aeron_dpdk.machine.facts.ethtool import (
    BY_LINK,
    RSS,
    SET_TIME_STAMPING,
    TIME_STAMPING,
    VALUE,
    WORDS,
    Setting,
    Words,
    group_of,
    link_mode_request,
    read_device_settings,
    read_private_flags,
    read_time_stamping,
    request,
)
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.network import read_network


def configure(name: str, wanted: KernelInterface) -> None:
    """Removes whatever is not in `wanted`. Raises OSError."""
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
        # An interface can be renamed, or join a bond, only while its link is down.
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
    """The address may be gone already: IPv6 addresses go when the link goes down, secondary ones with the
    primary one of their network."""
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
        if error.code != errno.EEXIST:  # somebody else, such as a DHCP client, has set it already
            raise


_SET_PRIVATE_FLAGS, _SET_RSS = 0x28, 0x47
_TABLE_STAYS = 0xFFFFFFFF  # ETH_RXFH_INDIR_NO_CHANGE


def set_private_flags(interface: str, wanted: Mapping[str, bool]) -> None:
    """Those that are not named stay."""
    flags = {**read_private_flags(interface), **wanted}
    bits = sum(is_set << place for place, is_set in enumerate(flags.values()))
    request(interface, VALUE.pack(_SET_PRIVATE_FLAGS, bits))


def set_rss(interface: str, *, function: int = 0, table: Sequence[int] = (), key: bytes = b"") -> None:
    """Leaves the device's value as it is for arguments that are empty."""
    head = RSS.pack(_SET_RSS, 0, len(table) or _TABLE_STAYS, len(key), function, 0, 0, 0, 0)
    request(interface, head + struct.pack(f"={len(table)}I", *table) + key)


def set_words(interface: str, words: Words, wanted: Mapping[str, int]) -> None:
    """Those that are not named stay."""
    request(interface, words.pack(words.set, {**words.read(interface), **wanted}))


def set_link_mode(interface: str, wanted: Mapping[str, int | str]) -> None:
    request(interface, link_mode_request(interface, dict(wanted)))


def set_time_stamping(interface: str, wanted: Mapping[str, int]) -> None:
    stamps = {**read_time_stamping(interface), **wanted}
    request(interface, TIME_STAMPING.pack(0, stamps["tx"], stamps["rx"]), SET_TIME_STAMPING)


def restore_device_settings(
    interface: str, wanted: Iterable[Setting], await_link: Callable[[], object]
) -> None:
    """Sets what differs. Raises OSError that names the settings which the driver does not accept."""
    wanted = tuple(wanted)
    remains = _restore(interface, tuple(each for each in wanted if group_of(each) not in BY_LINK))
    # A new link mode takes the link down, and its negotiation overrides earlier settings of pause frames.
    is_awaited = False
    for group in BY_LINK:
        those = tuple(each for each in wanted if group_of(each) == group)
        if those and not is_awaited:
            await_link()
        is_awaited = not _different(interface, those)
        remains += _restore(interface, those)
    if remains:
        shown = ", ".join(f"{setting} {value}" for setting, value in remains)
        raise OSError(f"{interface} does not take back by ethtool: {shown}")


def _restore(interface: str, wanted: tuple[Setting, ...]) -> tuple[Setting, ...]:
    """Returns the settings that are not as wanted then. Of the link's settings, only those that the driver
    refused: the others cannot be read back before the link is up."""
    different = _different(interface, wanted)
    groups: dict[str, dict[str, Any]] = {}
    for setting, value in wanted:
        group, _, name = setting.partition(" ")
        # The settings of the link depend on one another, so they are written together.
        if (setting, value) in different or (group in BY_LINK and different):
            groups.setdefault(group, {})[name] = value
    writers: dict[str, Callable[[Ethtool, str, dict[str, Any]], None]] = {
        "private-flag": _set_private_flags,
        "channels": _set_channels,
        "rss": _set_rss,
        "ring": _set_rings,
        "coalesce": _set_coalescing,
        "feature": _set_features,
        "time-stamping": _set_time_stamping,
        "link": _set_link,
        **{words.group: partial(_set_words, words.group) for words in WORDS},
    }
    refused = set()
    with Ethtool() as ethtool:
        for group, write in writers.items():
            if group in groups:
                try:
                    write(ethtool, interface, groups[group])
                except (EthtoolError, OSError):
                    refused.add(group)
    # These include what the driver refused, and what it accepted but did not do.
    remains = _different(interface, wanted)
    return tuple(each for each in remains if group_of(each) not in BY_LINK or group_of(each) in refused)


def _different(interface: str, wanted: tuple[Setting, ...]) -> tuple[Setting, ...]:
    present = dict(read_device_settings(interface)) if wanted else {}
    return tuple((setting, value) for setting, value in wanted if present.get(setting) != value)


def _set_words(group: str, ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    """Tries all of them; then raises OSError for the first that was refused."""
    refusals = []
    for words in WORDS:
        asked = {name: value for name, value in values.items() if name in words.names}
        if words.group == group and asked:
            try:
                set_words(interface, words, asked)
            except OSError as error:
                refusals.append(error)
    for refusal in refusals[:1]:
        raise refusal


def _set_link(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    set_link_mode(interface, values)


def _set_time_stamping(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    set_time_stamping(interface, values)


def _set_channels(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    ethtool.set_channels(interface, values)


def _set_private_flags(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    set_private_flags(interface, values)


def _set_rss(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    """Sets each by itself: a driver that accepts no key may still accept a table."""
    for name, value in values.items():
        with suppress(OSError):
            match name:
                case "function":
                    set_rss(interface, function=value)
                case "table":
                    set_rss(interface, table=[int(queue) for queue in value.split()])
                case "key":
                    set_rss(interface, key=bytes.fromhex(value.replace(":", "")))


def _set_rings(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    ethtool.set_rings(interface, with_netlink=False, **values)


def _set_coalescing(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    ethtool.set_coalesce(interface, values)


def _set_features(ethtool: Ethtool, interface: str, values: dict[str, Any]) -> None:
    features = ethtool.get_features(interface)
    for name, value in values.items():
        features.features[name].enable = bool(value)
    ethtool.set_features(interface, features)
