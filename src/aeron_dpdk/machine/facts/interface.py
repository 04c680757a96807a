"""An interface as the network stack has it: addresses, routes, state. Apart from `network`, which reads it:
the driver does without the library for netlink.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

MAIN_TABLE = 254  # RT_TABLE_MAIN


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """`cidr` is the address with its prefix length; the lifetimes are None for good."""

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
    """One that somebody set, not the kernel for an address. `destination` is a CIDR, 0.0.0.0/0 for
    default. `metrics` are RTAX_ names, such as mtu, with their values."""

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
    """`mtu` in bytes. `master` is the bond or bridge that it is a port of, `lower` the interface that it
    stands on, as a VLAN does. `link_local` are its IPv6 addresses of that scope, which come back by
    themselves. `permanent_mac` is the NIC's own, whatever `mac` was set to; None where the kernel does not
    say. `neighbours` are those that somebody set for good. `beyond_saving` names what we cannot make again:
    routes of several paths and the like, queueing disciplines, steering rules. `device_settings` are
    ethtool's; empty where nobody read them. `vlan` is what it is on `lower` of IEEE 802.1Q, with
    `vlan_priority` for what is sent, where we could make it again; `vlans` are those on this one."""

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
