"""`InterfaceSettings`: the settings of one interface. Those of the first have plain names; those of a further
one have its number in them: AERON_DPDK_1_LOCAL_IPV4_ADDRESS."""

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from itertools import combinations

from aeron_dpdk.driver.setting_table import PREFIX
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.seam import Vlan

IPV6_MIN_MTU = 1280  # RFC 8200 §5


@dataclass(frozen=True, slots=True)
class InterfaceSettings:
    """None keeps the default of the device or the stack. Lengths are in bytes. `has_saved_ipv6`: the IPv6
    addresses were saved by setup, and not set by anybody."""

    local_ipv4_address: LocalAddress
    gateway_ipv4_address: IPv4Address | None = None
    local_ipv6_address: tuple[IPv6Interface, ...] = ()
    gateway_ipv6_address: IPv6Address | None = None
    port_id: int = 0
    vlan: Vlan | None = None
    mtu: int | None = None
    rx_queue_size: int | None = None
    tx_queue_size: int | None = None
    has_saved_ipv6: bool = False
    number: int = 0

    def __post_init__(self) -> None:
        """Raises SettingConflictError for values that are valid alone, but not together."""
        self._check_gateway()
        self._check_gateway6()
        if self.local_ipv6_address and self.mtu is not None and self.mtu < IPV6_MIN_MTU:
            raise SettingConflictError(
                f"{self.name('MTU')} {self.mtu} is too small for IPv6, which needs {IPV6_MIN_MTU}",
                f"raise it, or unset {self.name('LOCAL_IPV6_ADDRESS')}",
            )

    def name(self, setting: str) -> str:
        """MTU to AERON_DPDK_1_MTU."""
        return f"{PREFIX}{self.number}_{setting}" if self.number else PREFIX + setting

    def own_ipv6(self) -> frozenset[IPv6Address]:
        return frozenset(each.ip for each in self.local_ipv6_address)

    @property
    def link(self) -> tuple[int, int]:
        """Port and VLAN. Interfaces that have both in common are addresses on one link."""
        return self.port_id, self.vlan.number if self.vlan else 0

    def networks(self) -> Iterator[IPv4Network | IPv6Network]:
        """The networks on the link, by the prefixes; without the link-local one."""
        own = self.local_ipv4_address
        if own.prefix_length is not None:
            yield IPv4Network((own.address, own.prefix_length), strict=False)
        yield from (each.network for each in self.local_ipv6_address if not each.is_link_local)

    def _check_gateway6(self) -> None:
        own, gateway = self.local_ipv6_address, self.gateway_ipv6_address
        if gateway is None:
            return
        setting, local = self.name("GATEWAY_IPV6_ADDRESS"), self.name("LOCAL_IPV6_ADDRESS")
        if not own:
            raise SettingConflictError(
                f"{setting} is {gateway} but {local} is not set", "set both or neither"
            )
        if gateway in self.own_ipv6():
            raise SettingConflictError(f"{setting} is our own address {gateway}", "give the router's address")
        if not gateway.is_link_local and not any(gateway in each.network for each in own):
            raise SettingConflictError(
                f"{setting} {gateway} is neither link-local nor in a network of "
                f"{local} {', '.join(map(str, own))}",
                "correct the gateway or the prefix",
            )

    def _check_gateway(self) -> None:
        own, gateway = self.local_ipv4_address, self.gateway_ipv4_address
        if gateway is None:
            return
        setting, local = self.name("GATEWAY_IPV4_ADDRESS"), self.name("LOCAL_IPV4_ADDRESS")
        if gateway == own.address:
            raise SettingConflictError(
                f"{setting} is our own address {own.address}", "give the router's address"
            )
        if own.prefix_length not in (None, 32):  # the gateway of a /32 is always outside it
            network = IPv4Network((own.address, own.prefix_length), strict=False)
            if gateway not in network:
                raise SettingConflictError(
                    f"{setting} {gateway} is not in {network}, the network of {local} {own}",
                    "correct the gateway or the prefix",
                )


def host_of(own: InterfaceSettings, interfaces: Sequence[InterfaceSettings]) -> int:
    """The position of the first interface with this port; its own position, unless it shares the port of an
    earlier one."""
    return next(at for at, each in enumerate(interfaces) if each.port_id == own.port_id)


def names_of(interfaces: Sequence[InterfaceSettings]) -> Iterator[str]:
    """Their names for `interface=` and the tools: dpdk0; on a shared port dpdk0.100 for VLAN 100; and
    dpdk0:1, with its number, if an earlier one has that name."""
    ports = [each.port_id for each in interfaces]
    taken = set()
    for each in interfaces:
        vlan = f".{each.vlan.number}" if each.vlan and ports.count(each.port_id) > 1 else ""
        name = f"dpdk{each.port_id}{vlan}"
        yield f"{name}:{each.number}" if name in taken else name
        taken.add(name)


def refuse_the_same_twice(interfaces: Iterable[InterfaceSettings]) -> None:
    """Raises SettingConflictError if two interfaces are the same, or if a gateway is one of our addresses."""
    for one, other in combinations(interfaces, 2):
        own, others = {one.local_ipv4_address.address}, {other.local_ipv4_address.address}
        _refuse_shared("LOCAL_IPV4_ADDRESS", one, other, own, others)
        _refuse_shared("LOCAL_IPV6_ADDRESS", one, other, one.own_ipv6(), other.own_ipv6())
        if one.port_id == other.port_id:
            _refuse_what_belongs_to_the_port(one, other)
        _refuse_gateway_of_ours(one, other)
        _refuse_gateway_of_ours(other, one)


def _refuse_shared(
    setting: str,
    one: InterfaceSettings,
    other: InterfaceSettings,
    values: Set[object],
    other_values: Set[object],
) -> None:
    for value in values & other_values:
        raise SettingConflictError(
            f"{one.name(setting)} and {other.name(setting)} are both {value}",
            f"give each interface its own, or leave interface {other.number} out",
        )


def _refuse_what_belongs_to_the_port(first: InterfaceSettings, other: InterfaceSettings) -> None:
    belonging = {"RX_QUEUE_SIZE": other.rx_queue_size, "TX_QUEUE_SIZE": other.tx_queue_size}
    for setting, value in belonging.items():
        if value is not None:
            raise SettingConflictError(
                f"{other.name(setting)} is set, but interface {other.number} shares the port of interface "
                f"{first.number}, whose queues they both have",
                f"set {first.name(setting)} instead",
            )
    if other.local_ipv6_address and first.link == other.link:
        raise SettingConflictError(
            f"{other.name('LOCAL_IPV6_ADDRESS')} is set, but interface {other.number} is another IPv4 "
            f"address of interface {first.number}, on the same port and VLAN",
            f"set them all in {first.name('LOCAL_IPV6_ADDRESS')}, which takes several",
        )


def _refuse_gateway_of_ours(one: InterfaceSettings, other: InterfaceSettings) -> None:
    pairs = (
        ("IPV4", one.gateway_ipv4_address, {other.local_ipv4_address.address}),
        ("IPV6", one.gateway_ipv6_address, other.own_ipv6()),
    )
    for family, gateway, addresses in pairs:
        if gateway in addresses:
            raise SettingConflictError(
                f"{one.name(f'GATEWAY_{family}_ADDRESS')} {gateway} is our own address, "
                f"of {other.name(f'LOCAL_{family}_ADDRESS')}",
                "give the router's address",
            )


def overlaps(interfaces: Iterable[InterfaceSettings]) -> Iterator[str]:
    """A sentence for each pair of interfaces that have the same peers on two links. That is allowed, as in
    the kernel."""
    for one, other in combinations(interfaces, 2):
        if one.link == other.link:
            continue
        for network in one.networks():
            for beside in other.networks():
                if network.version == beside.version and network.overlaps(beside):
                    is_longer = beside.prefixlen > network.prefixlen
                    is_equal = beside.prefixlen == network.prefixlen
                    yield (
                        f"{network} of interface {one.number} and {beside} of interface {other.number} "
                        "overlap: a channel that names neither goes to peers in both by interface "
                        f"{other.number if is_longer else one.number}, which "
                        f"{'comes first' if is_equal else 'has the longer prefix'}"
                    )
