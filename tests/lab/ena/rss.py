"""Receive side scaling: Toeplitz over chosen fields, and an indirection table (ena_admin_defs.h)."""

import struct
from dataclasses import dataclass, field

from tests.lab.ena.checksums import ipv4, is_fragment

KEY_LENGTH = 40
TABLE_BITS = 7
# An arbitrary key; a driver may read it, or set another.
FACTORY_KEY = bytes(range(1, KEY_LENGTH + 1))

# ena_admin_flow_hash_proto, of which the rest are not distinguished here, and ena_admin_flow_hash_fields.
TCP4, UDP4, IP4, FRAGMENT = 0, 1, 4, 6
PROTOCOLS = 16
L3_FIELDS, L4_FIELDS = 0x0C, 0x30
# Addresses and ports of TCP and UDP, addresses of other IP.
HASH_FIELDS = (0x3C, 0x3C, 0x3C, 0x3C, 0x0C, 0x0C, 0x0C, 0x03, *[0] * 8)


def toeplitz(key: bytes, data: bytes) -> int:
    """As defined in Microsoft's "RSS Hashing Functions"."""
    window, result = int.from_bytes(key, "big"), 0
    width = len(key) * 8
    for place in range(len(data) * 8):
        if data[place // 8] & 0x80 >> place % 8:
            result ^= window >> (width - 32 - place) & 0xFFFFFFFF
    return result


def protocol_of(packet: bytes, header_length: int) -> int:
    if is_fragment(packet):
        return FRAGMENT
    has_ports = len(packet) >= header_length + 4
    return {6: TCP4, 17: UDP4}.get(packet[9], IP4) if has_ports else IP4


def udp_port(frame: bytes) -> int | None:
    """The destination port of a UDP datagram in one frame."""
    packet = ipv4(frame)
    if packet is None or protocol_of(packet, start := (packet[0] & 0xF) * 4) != UDP4:
        return None
    return int.from_bytes(packet[start + 2 : start + 4], "big")


@dataclass(slots=True)
class Rss:
    key: bytes = FACTORY_KEY
    """As the driver writes it, from its end (DPDK, ena_rss.c, ena_reorder_rss_hash_key())."""
    fields: tuple[int, ...] = HASH_FIELDS
    """By protocol: what is hashed of it."""
    table: list[int] = field(default_factory=list)
    """Indexes of receive submission queues."""
    function: int = 1

    def set_table(self, entries: bytes) -> None:
        self.table = [queue for queue, _ in struct.iter_unpack("<HH", entries)]

    def table_as_bytes(self) -> bytes:
        return b"".join(struct.pack("<HH", queue, 0) for queue in self.table)

    def set_fields(self, control: bytes) -> None:
        """Supported fields come before the selected ones (ena_admin_feature_rss_hash_control)."""
        chosen = control[4 * PROTOCOLS : 8 * PROTOCOLS]
        self.fields = tuple(mask for mask, _ in struct.iter_unpack("<HH", chosen))

    def fields_as_bytes(self) -> bytes:
        return b"".join(struct.pack("<HH", mask, 0) for mask in (*HASH_FIELDS, *self.fields))

    def hash_of(self, frame: bytes) -> int:
        """0 for a frame without a field that is hashed."""
        packet = ipv4(frame)
        if packet is None:
            return 0
        start = (packet[0] & 0xF) * 4
        fields = self.fields[protocol_of(packet, start)]
        addresses = packet[12:20] if fields & L3_FIELDS else b""
        ports = packet[start : start + 4] if fields & L4_FIELDS else b""
        return toeplitz(self.key[::-1], addresses + ports)

    def choose(self, flow_hash: int) -> int | None:
        """The index of the queue for a flow; None before the driver has set a table."""
        return self.table[flow_hash % len(self.table)] if self.table else None
