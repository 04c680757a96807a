"""What the 82599 does to a frame it transmits: checksums, a VLAN tag, padding, and segmentation."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.lab.ixgbe.packet import VLAN, ones_sum

SMALLEST_FRAME = 60
IPV4_CHECKSUM, TCP_CHECKSUM, UDP_CHECKSUM = 10, 16, 6
"""Where they stand in their headers."""
TCP_FIN_PSH = 0x09


@dataclass(frozen=True, slots=True)
class Context:
    """An advanced context descriptor: 82599 datasheet 7.2.3.2.3."""

    mac_length: int = 0
    ip_length: int = 0
    l4_length: int = 0
    segment_size: int = 0
    vlan: int = 0
    is_tcp: bool = False

    @classmethod
    def parse(cls, descriptor: bytes) -> "Context":
        lengths, _, kind, sizes = struct.unpack("<4I", descriptor)
        return cls(
            lengths >> 9 & 0x7F,
            lengths & 0x1FF,
            sizes >> 8 & 0xFF,
            sizes >> 16,
            lengths >> 16,
            bool(kind >> 11 & 1),
        )

    @property
    def l4(self) -> int:
        return self.mac_length + self.ip_length

    @property
    def l4_checksum(self) -> int:
        return self.l4 + (TCP_CHECKSUM if self.is_tcp else UDP_CHECKSUM)


def put(frame: bytearray, offset: int, value: int) -> None:
    struct.pack_into(">H", frame, offset, value)


def complement(total: int) -> int:
    return ~total & 0xFFFF


def insert_checksums(frame: bytearray, context: Context, *, ipv4: bool, l4: bool) -> None:
    """The sums start from the values that the driver left in the fields: zero for IPv4, and for UDP and
    TCP the pseudo-header's sum. As on real hardware, a driver that leaves something else sends wrong
    checksums."""
    if ipv4:
        header = bytes(frame[context.mac_length : context.l4])
        put(frame, context.mac_length + IPV4_CHECKSUM, complement(ones_sum(header)))
    if l4:
        checksum = complement(ones_sum(bytes(frame[context.l4 :])))
        put(frame, context.l4_checksum, checksum if context.is_tcp else checksum or 0xFFFF)


def insert_legacy_checksum(frame: bytearray, start: int, offset: int) -> None:
    """Inserts a checksum as CSS and CSO of a legacy descriptor say."""
    if offset + 2 <= len(frame):
        put(frame, offset, complement(ones_sum(bytes(frame[start:]))))


def insert_vlan(frame: bytearray, tag: int) -> None:
    frame[12:12] = struct.pack(">HH", VLAN, tag)


def pad(frame: bytearray) -> None:
    frame.extend(bytes(max(0, SMALLEST_FRAME - len(frame))))


def segments(frame: bytes, context: Context) -> Iterator[bytearray]:
    """TCP and UDP segmentation over IPv4: each segment gets its own lengths, identification, sequence
    number and checksums. The driver leaves the pseudo-header's sum without the length."""
    header = frame[: context.l4 + context.l4_length]
    payload = frame[len(header) :]
    identification = struct.unpack_from(">H", frame, context.mac_length + 4)[0]
    for index, start in enumerate(range(0, len(payload), context.segment_size)):
        part = payload[start : start + context.segment_size]
        segment = bytearray(header + part)
        length = context.l4_length + len(part)
        put(segment, context.mac_length + 2, context.ip_length + length)
        put(segment, context.mac_length + 4, identification + index & 0xFFFF)
        put(segment, context.mac_length + IPV4_CHECKSUM, 0)
        if context.is_tcp:
            sequence = struct.unpack_from(">I", frame, context.l4 + 4)[0] + start & 0xFFFFFFFF
            struct.pack_into(">I", segment, context.l4 + 4, sequence)
            if start + len(part) < len(payload):
                segment[context.l4 + 13] &= ~TCP_FIN_PSH
        else:
            put(segment, context.l4 + 4, length)
        pseudo = struct.unpack_from(">H", frame, context.l4_checksum)[0]
        put(segment, context.l4_checksum, ones_sum(struct.pack(">H", length), pseudo))
        insert_checksums(segment, context, ipv4=True, l4=True)
        yield segment
