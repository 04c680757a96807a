"""What a NIC was before it left the kernel: kept as JSON, for undo and for the settings of aeronmd_dpdk."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface
from typing import Any

from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route, StaticNeighbour
from aeron_dpdk.machine.tree import Tree

STATE_DIRECTORY = "/var/lib/aeron-dpdk"
DIRECTORY = f"{STATE_DIRECTORY}/nics"


@dataclass(frozen=True, slots=True)
class SavedAddress:
    """An IPv4 address of `own`, which is a NIC or a VLAN on it. Each makes an interface of the driver; the
    first one gets the IPv6 addresses too."""

    own: KernelInterface
    ipv4: IPv4Interface
    is_further: bool = False

    @property
    def gateway(self) -> IPv4Address | None:
        """That of the default route, or else of any other route over this interface; provided that it is on
        link, or that our own network is a single host (cloud instances with a /32)."""
        routes = sorted(self.own.routes, key=lambda route: not route.is_default)
        hops = (IPv4Address(each.gateway) for each in routes if each.gateway and ":" not in each.gateway)
        is_host = self.ipv4.network.prefixlen == self.ipv4.max_prefixlen
        return next((hop for hop in hops if is_host or hop in self.ipv4.network), None)

    @property
    def ipv6(self) -> tuple[IPv6Interface, ...]:
        """The permanent IPv6 addresses; if there are none, the one with the longest lease from a DHCP server
        or a router. Addresses that a kernel makes anew each day (RFC 8981) have shorter lifetimes than that.
        """
        found = [each for each in self.own.addresses if isinstance(each.interface, IPv6Interface)]
        lasting = [each for each in found if each.valid_s is None and each.preferred_s is None]
        lent = sorted(found, key=lambda each: -(each.preferred_s or 0))[:1]
        kept = () if self.is_further else (each.interface for each in lasting or lent)
        return tuple(each for each in kept if isinstance(each, IPv6Interface))

    @property
    def gateway6(self) -> IPv6Address | None:
        """That of the default route; None if a router must be solicited."""
        routes = (each for each in self.own.routes if each.is_default and each.gateway)
        hops = [IPv6Address(each.gateway) for each in routes if each.gateway and ":" in each.gateway]
        own = self.ipv6
        is_near = (hop for hop in hops if hop.is_link_local or any(hop in each.network for each in own))
        return next(is_near, None) if own else None


@dataclass(frozen=True, slots=True)
class SavedNic:
    """`address` is the PCI address; `driver` is the kernel driver that it had."""

    address: str
    driver: str | None
    interface: KernelInterface

    @property
    def has_addresses(self) -> bool:
        return any(each.addresses for each in (self.interface, *self.interface.vlans))

    @property
    def addresses(self) -> tuple[SavedAddress, ...]:
        """Those that the driver takes over: of the NIC's interface and of the VLANs on it, if they have IPv4
        addresses. The interface with the longest MTU comes first, since those that share its port cannot have
        a longer one."""
        owners = sorted((self.interface, *self.interface.vlans), key=lambda each: -each.mtu)
        return tuple(each for own in owners for each in _addresses_of(own))


def _addresses_of(own: KernelInterface) -> Iterator[SavedAddress]:
    found = [each.interface for each in own.addresses if isinstance(each.interface, IPv4Interface)]
    for position, each in enumerate(found):
        yield SavedAddress(own, each, is_further=position > 0)


def place(address: str) -> str:
    return f"{DIRECTORY}/{address}.json"


def to_json(nic: SavedNic) -> str:
    return json.dumps(asdict(nic), indent=2) + "\n"


def from_json(text: str) -> SavedNic:
    """Raises ValueError, KeyError or TypeError if the text is not ours."""
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
