"""ARP for IPv4 over Ethernet (RFC 826)."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Self

from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Malformed

LENGTH = 28
# ar$hrd Ethernet, ar$pro IPv4, ar$hln, ar$pln
_FIXED = bytes.fromhex("0001 0800 06 04")


class ArpOperation(IntEnum):
    REQUEST = 1
    REPLY = 2


@dataclass(frozen=True, slots=True)
class ArpPacket:
    operation: ArpOperation
    sender_mac: Mac
    sender_ipv4: IPv4Address
    target_mac: Mac
    target_ipv4: IPv4Address

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """From an Ethernet payload; padding after the packet is ignored. Raises Malformed."""
        if len(data) < LENGTH:
            raise Malformed(f"arp: {len(data)} bytes are no packet")
        if data[0:6] != _FIXED:
            raise Malformed("arp: not IPv4 over Ethernet")
        operation = int.from_bytes(data[6:8], "big")
        if operation not in (ArpOperation.REQUEST, ArpOperation.REPLY):
            raise Malformed(f"arp: operation {operation} is neither request nor reply")
        return cls(
            operation=ArpOperation(operation),
            sender_mac=Mac(bytes(data[8:14])),
            sender_ipv4=IPv4Address(bytes(data[14:18])),
            target_mac=Mac(bytes(data[18:24])),
            target_ipv4=IPv4Address(bytes(data[24:28])),
        )

    def emit(self) -> bytes:
        return b"".join(
            (
                _FIXED,
                self.operation.to_bytes(2, "big"),
                self.sender_mac.octets,
                self.sender_ipv4.packed,
                self.target_mac.octets,
                self.target_ipv4.packed,
            )
        )
