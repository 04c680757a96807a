"""Ethernet II frames (IEEE 802.3 §3; RFC 894 for IPv4, RFC 826 for ARP, RFC 2464 for IPv6)."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Self

from aeron_dpdk.wire.packet import Malformed

HEADER_LENGTH = 14


class EtherType(IntEnum):
    IPV4 = 0x0800
    ARP = 0x0806
    IPV6 = 0x86DD


@dataclass(frozen=True, slots=True)
class Mac:
    """A 48-bit MAC address as its six octets in transmission order; any other length is a ValueError."""

    octets: bytes

    def __post_init__(self) -> None:
        if len(self.octets) != 6:
            raise ValueError(f"a MAC address has 6 octets, not {len(self.octets)}")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """From `aa:bb:cc:dd:ee:ff`; ValueError for anything else."""
        parts = text.split(":")
        if any(len(part) != 2 for part in parts):
            raise ValueError(f"not a MAC address: {text!r}")
        return cls(bytes.fromhex("".join(parts)))

    @property
    def is_unicast(self) -> bool:
        """Can be one station's address: neither a group address (IEEE 802 §8.2.2) nor all zero."""
        return not self.octets[0] & 1 and any(self.octets)

    def __str__(self) -> str:
        return self.octets.hex(":")


def group_mac(group: IPv4Address | IPv6Address) -> Mac:
    """The MAC to which frames for a multicast group are sent (RFC 1112 §6.4, RFC 2464 §7)."""
    if isinstance(group, IPv6Address):
        return Mac(b"\x33\x33" + group.packed[12:])
    return Mac(b"\x01\x00\x5e" + (int(group) & 0x7FFFFF).to_bytes(3, "big"))


BROADCAST = Mac(b"\xff" * 6)
UNSPECIFIED = Mac(bytes(6))


@dataclass(frozen=True, slots=True)
class EthernetFrame:
    """`ethertype` is at least 0x0600; `payload` still carries the padding of a short frame."""

    destination: Mac
    source: Mac
    ethertype: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """From a whole frame without FCS. Raises Malformed."""
        if len(data) < HEADER_LENGTH:
            raise Malformed(f"ethernet: {len(data)} bytes are no header")
        ethertype = int.from_bytes(data[12:14], "big")
        if ethertype < 0x0600:
            raise Malformed(f"ethernet: 0x{ethertype:04x} is an 802.3 length, not a type")
        return cls(Mac(bytes(data[0:6])), Mac(bytes(data[6:12])), ethertype, bytes(data[HEADER_LENGTH:]))

    def emit(self) -> bytes:
        """The frame without FCS; not padded, because the NIC pads."""
        return b"".join(
            (self.destination.octets, self.source.octets, self.ethertype.to_bytes(2, "big"), self.payload)
        )
