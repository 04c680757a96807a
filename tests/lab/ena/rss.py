"""Receive side scaling: Toeplitz over addresses and ports, and an indirection table (ena_admin_defs.h)."""

import struct
from dataclasses import dataclass, field

from tests.lab.ena.checksums import ipv4, is_fragment

KEY_LENGTH = 40
TABLE_BITS = 7
# An arbitrary key; a driver reads it, or sets its own.
FACTORY_KEY = bytes(range(1, KEY_LENGTH + 1))


def toeplitz(key: bytes, data: bytes) -> int:
    """Microsoft's definition, "RSS Hashing Functions"."""
    window, result = int.from_bytes(key, "big"), 0
    width = len(key) * 8
    for place in range(len(data) * 8):
        if data[place // 8] & 0x80 >> place % 8:
            result ^= window >> (width - 32 - place) & 0xFFFFFFFF
    return result


def hash_of(key: bytes, frame: bytes) -> int:
    """Over addresses and ports of UDP and TCP, over addresses of other IPv4, 0 for the rest."""
    packet = ipv4(frame)
    if packet is None:
        return 0
    start = (packet[0] & 0xF) * 4
    has_ports = packet[9] in (6, 17) and not is_fragment(packet) and len(packet) >= start + 4
    return toeplitz(key, packet[12:20] + (packet[start : start + 4] if has_ports else b""))


@dataclass(slots=True)
class Rss:
    key: bytes = FACTORY_KEY
    table: list[int] = field(default_factory=list)
    """Indexes of receive submission queues."""
    function: int = 1

    def set_table(self, entries: bytes) -> None:
        self.table = [queue for queue, _ in struct.iter_unpack("<HH", entries)]

    def table_as_bytes(self) -> bytes:
        return b"".join(struct.pack("<HH", queue, 0) for queue in self.table)

    def choose(self, flow_hash: int) -> int | None:
        """The index of the queue for a flow; None before the driver has set a table."""
        return self.table[flow_hash % len(self.table)] if self.table else None
