"""What a NIC was before it left the kernel: kept as JSON, for undo's reader and for aeronmd_dpdk's
settings."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any

from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route, StaticNeighbour
from aeron_dpdk.machine.tree import Tree

STATE_DIRECTORY = "/var/lib/aeron-dpdk"
DIRECTORY = f"{STATE_DIRECTORY}/nics"


@dataclass(frozen=True, slots=True)
class SavedNic:
    """`address` is the PCI address; `driver` the kernel driver it had."""

    address: str
    driver: str | None
    interface: KernelInterface

    @property
    def addressed(self) -> KernelInterface:
        """What the driver takes the place of: the NIC's interface, or where it has no address a VLAN on it
        that has."""
        candidates = (self.interface, *self.interface.vlans)
        return next((each for each in candidates if each.addresses), self.interface)

    @property
    def ipv4(self) -> IPv4Interface | None:
        """The first IPv4 address with its prefix."""
        found = (each.interface for each in self.addressed.addresses)
        return next((each for each in found if isinstance(each, IPv4Interface)), None)

    @property
    def gateway(self) -> IPv4Address | None:
        """Of the default route, or else of any other route over this interface, if it is on link, or our own
        network is one host only (cloud instances with a /32)."""
        own = self.ipv4
        if own is None:
            return None
        routes = sorted(self.addressed.routes, key=lambda route: not route.is_default)
        hops = (IPv4Address(each.gateway) for each in routes if each.gateway and ":" not in each.gateway)
        is_host = own.network.prefixlen == own.max_prefixlen
        return next((hop for hop in hops if is_host or hop in own.network), None)

    @property
    def ipv6(self) -> tuple[IPv6Interface, ...]:
        """The IPv6 addresses for good; without such, the one that its DHCP server or router lent for longest.
        A kernel that makes a new address each day (RFC 8981) lends itself those for less time."""
        found = [each for each in self.addressed.addresses if isinstance(each.interface, IPv6Interface)]
        lasting = [each for each in found if each.valid_s is None and each.preferred_s is None]
        lent = sorted(found, key=lambda each: -(each.preferred_s or 0))[:1]
        kept = (each.interface for each in lasting or lent)
        return tuple(each for each in kept if isinstance(each, IPv6Interface))

    @property
    def gateway6(self) -> IPv6Address | None:
        """Of the default route; None where a router has to be asked for."""
        routes = (each for each in self.addressed.routes if each.is_default and each.gateway)
        hops = [IPv6Address(each.gateway) for each in routes if each.gateway and ":" in each.gateway]
        own = self.ipv6
        is_near = (hop for hop in hops if hop.is_link_local or any(hop in each.network for each in own))
        return next(is_near, None) if own else None


def place(address: str) -> str:
    return f"{DIRECTORY}/{address}.json"


def to_json(nic: SavedNic) -> str:
    return json.dumps(asdict(nic), indent=2) + "\n"


def from_json(text: str) -> SavedNic:
    """Raises ValueError, KeyError or TypeError when it is none of ours."""
    fields = json.loads(text)
    return SavedNic(fields["address"], fields["driver"], interface_from(fields["interface"]))


def interface_from(fields: dict[str, Any]) -> KernelInterface:
    return KernelInterface(
        **{
            **fields,
            "addresses": tuple(InterfaceAddress(**each) for each in fields["addresses"]),
            "routes": tuple(_route_from(each) for each in fields["routes"]),
            "link_local": tuple(fields.get("link_local", ())),
            "neighbours": tuple(StaticNeighbour(**each) for each in fields.get("neighbours", ())),
            "beyond_saving": tuple(fields.get("beyond_saving", ())),
            "device_settings": tuple((name, value) for name, value in fields.get("device_settings", ())),
            "vlans": tuple(map(interface_from, fields.get("vlans", ()))),
        }
    )


def _route_from(fields: dict[str, Any]) -> Route:
    metrics = tuple((name, value) for name, value in fields.get("metrics", ()))
    return Route(**{**fields, "metrics": metrics})


def read_saved_nics(tree: Tree) -> tuple[SavedNic, ...]:
    """Those that can be read, by PCI address."""
    return tuple(_readable(tree.text(f"{DIRECTORY}/{name}") for name in tree.names(DIRECTORY)))


def _readable(texts: Iterable[str | None]) -> Iterable[SavedNic]:
    for text in texts:
        try:
            yield from_json(text or "")
        except (ValueError, KeyError, TypeError):
            continue
