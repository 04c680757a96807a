"""Parsers, one per kind of setting. Each raises ValueError that says what the value must be."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv6Address,
    IPv6Interface,
    NetmaskValueError,
)

from aeron_dpdk.seam import MAX_PRIORITY, MAX_VLAN, KernelSockets, Vlan

SIZE_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}  # aeron_parse_size64()
TRUE_WORDS = frozenset({"1", "on", "true", "yes"})
MAX_IPV6_ADDRESSES = 7  # ADK_LOCALS6 of native/wire/ipv6/locals.h, of which the link-local address is one
IPV6_PREFIX_LENGTH = 64  # without a /prefix: that of nearly every link (RFC 4291 §2.5.1)
FALSE_WORDS = frozenset({"0", "off", "false", "no"})


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """`prefix_length` is None if the text had no /prefix."""

    address: IPv4Address
    prefix_length: int | None

    def __str__(self) -> str:
        return str(self.address) if self.prefix_length is None else f"{self.address}/{self.prefix_length}"


def text(value: str) -> str:
    return value


def boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE_WORDS | FALSE_WORDS:
        raise ValueError("true or false")
    return word in TRUE_WORDS


def kernel_sockets(value: str) -> KernelSockets:
    try:
        return KernelSockets[value.strip().upper()]
    except KeyError:
        raise ValueError("none, loopback or all") from None


def whole_number(low: int, high: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        digits = value.strip()
        if not digits.isascii() or not digits.isdecimal() or not low <= int(digits) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(digits)

    return parse


def vlan(value: str) -> Vlan:
    number, colon, priority = value.strip().partition(":")
    try:
        return Vlan(
            whole_number(1, MAX_VLAN)(number), whole_number(0, MAX_PRIORITY)(priority) if colon else 0
        )
    except ValueError:
        raise ValueError(
            f"a VLAN from 1 to {MAX_VLAN}, such as 100, or with a priority from 0 to {MAX_PRIORITY}, "
            "such as 100:5"
        ) from None


def size(low: int, high: int) -> Callable[[str], int]:
    """Bytes, with Aeron's suffixes k, m and g."""

    def parse(value: str) -> int:
        digits = value.strip().lower()
        unit = SIZE_UNITS.get(digits[-1:], 1)
        digits = digits[:-1] if unit > 1 else digits
        if not digits.isascii() or not digits.isdecimal() or not low <= int(digits) * unit <= high:
            raise ValueError(f"a size from {low} to {high} bytes, such as 1500 or 8K")
        return int(digits) * unit

    return parse


def _unicast(value: str, example: str) -> IPv4Address:
    try:
        address = IPv4Address(value.strip())
    except AddressValueError:
        raise ValueError(f"an IPv4 address such as {example}") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback or address.is_reserved:
        raise ValueError("the address of one host: not multicast, broadcast, loopback or 0.0.0.0")
    return address


def address(value: str) -> IPv4Address:
    return _unicast(value, "10.0.0.1")


def local_address(value: str) -> LocalAddress:
    host, slash, prefix = value.strip().partition("/")
    own = _unicast(host, "10.0.0.5 or 10.0.0.5/24")
    if not slash:
        return LocalAddress(own, None)
    try:
        length = whole_number(1, 32)(prefix)
    except (ValueError, NetmaskValueError):
        raise ValueError("an IPv4 address with a prefix length from 1 to 32, such as 10.0.0.5/24") from None
    hosts = (1 << (32 - length)) - 1
    # RFC 3021: a /31 has no network and no broadcast address, and a /32 is one host.
    if length < 31 and int(own) & hosts in (0, hosts):
        raise ValueError(
            f"a host's address: in a /{length} this is the network's own or its broadcast address"
        )
    return LocalAddress(own, length)


def _unicast6(value: str) -> IPv6Address:
    host = value.strip()
    if "%" in host:
        raise ValueError("without a %scope: the link is the port's")
    try:
        address = IPv6Address(host)
    except AddressValueError:
        raise ValueError("an IPv6 address such as fd00::5") from None
    if address.is_multicast or address.is_unspecified or address.is_loopback or address.ipv4_mapped:
        raise ValueError("the IPv6 address of one host: not multicast, ::, ::1 or ::ffff:a.b.c.d")
    return address


def ipv6_address(value: str) -> IPv6Address:
    return _unicast6(value)


def local_ipv6_addresses(value: str) -> tuple[IPv6Interface, ...]:
    """Separated by commas."""
    found = tuple(_local_ipv6(each) for each in value.split(","))
    if len(found) > MAX_IPV6_ADDRESSES or len({each.ip for each in found}) < len(found):
        raise ValueError(f"at most {MAX_IPV6_ADDRESSES} IPv6 addresses, each once")
    return found


def _local_ipv6(value: str) -> IPv6Interface:
    host, slash, prefix = value.strip().partition("/")
    own = _unicast6(host)
    try:
        length = whole_number(1, 128)(prefix) if slash else IPV6_PREFIX_LENGTH
    except ValueError:
        raise ValueError("an IPv6 address with a prefix length from 1 to 128, such as fd00::5/64") from None
    # RFC 4291 §2.6.1; RFC 6164 §5 for a /127
    if length < 127 and int(own) & ((1 << (128 - length)) - 1) == 0:
        raise ValueError(f"a host's address: in a /{length} this is any router's (subnet-router anycast)")
    return IPv6Interface((own, length))
