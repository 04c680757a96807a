"""Text to values: one parser per kind of setting. Each raises ValueError with what the value must be."""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, NetmaskValueError

from aeron_dpdk.seam import KernelSockets

SIZE_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}  # aeron_parse_size64()
TRUE_WORDS = frozenset({"1", "on", "true", "yes"})
FALSE_WORDS = frozenset({"0", "off", "false", "no"})


@dataclass(frozen=True, slots=True)
class LocalAddress:
    """`prefix_length` is None where the text had no /prefix."""

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
