"""An interface as the network stack has it: addresses, routes, state. `network` reads it, in a file of its
own because the driver does without the library for netlink.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

MAIN_TABLE = 254  # RT_TABLE_MAIN


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """`cidr` is the address with its prefix length; a lifetime of None is for ever."""

    cidr: str
    broadcast: str | None = None
    label: str | None = None
    valid_s: int | None = None
    preferred_s: int | None = None

    @property
    def interface(self) -> IPv4Interface | IPv6Interface:
        return ip_interface(self.cidr)


@dataclass(frozen=True, slots=True)
class Route:
    """A route that somebody set, not one that the kernel made for an address. `destination` is a CIDR,
    0.0.0.0/0 for the default route. `metrics` are RTAX_ names, such as mtu, with their values."""

    destination: str
    gateway: str | None = None
    source: str | None = None
    table: int = MAIN_TABLE
    protocol: int = 4
    scope: int = 0
    metric: int | None = None
    is_onlink: bool = False
    metrics: tuple[tuple[str, int], ...] = ()

    @property
    def is_default(self) -> bool:
        return self.destination in ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class StaticNeighbour:
    ip: str
    mac: str


@dataclass(frozen=True, slots=True)
class KernelInterface:
    """`mtu` in bytes. `master` is the bond or bridge that it is a port of; `lower` the interface that it is
    based on, as a VLAN is. `link_local` are its link-local IPv6 addresses, which come back by themselves.
    `permanent_mac` is the NIC's own, whatever `mac` was set to; None if the kernel does not say. `neighbours`
    are permanent entries that somebody set. `beyond_saving` names what we could not restore: multipath routes
    and the like, queueing disciplines, steering rules. `device_settings` are ethtool's; empty if nobody has
    read them. `vlan` is its number as an IEEE 802.1Q VLAN on `lower`, and `vlan_priority` that of what it
    sends, if we could make it again; `vlans` are the VLANs on this interface."""

    name: str
    mac: str
    mtu: int
    is_up: bool
    has_carrier: bool
    addresses: tuple[InterfaceAddress, ...] = ()
    routes: tuple[Route, ...] = ()
    master: str | None = None
    lower: str | None = None
    link_local: tuple[str, ...] = ()
    permanent_mac: str | None = None
    neighbours: tuple[StaticNeighbour, ...] = ()
    beyond_saving: tuple[str, ...] = ()
    device_settings: tuple[tuple[str, int | str], ...] = ()
    vlan: int | None = None
    vlan_priority: int = 0
    vlans: tuple["KernelInterface", ...] = ()

    @property
    def own_mac(self) -> str:
        return (self.permanent_mac or self.mac).lower()


Network = Mapping[str, KernelInterface]
