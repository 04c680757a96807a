"""IPv6 (RFC 8200), with the one extension header that the control plane reads and writes: hop-by-hop."""

import struct
from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Self

from aeron_dpdk.wire.packet import Malformed

HEADER_LENGTH = 40
HOP_BY_HOP = 0
NEXT_HEADER_ICMPV6 = 58
DEFAULT_HOP_LIMIT = 64  # as Linux's and RFC 1340's
ROUTER_ALERT = b"\x05\x02\x00\x00\x01\x00"  # RFC 2711 §2.1, for MLD; then PadN (RFC 8200 §4.2)

_HEADER = struct.Struct("!IHBB16s16s")
_MIN_OPTIONS_LENGTH = 8


def pseudo_header(source: IPv6Address, destination: IPv6Address, length: int, next_header: int) -> bytes:
    """What the checksum of an upper layer covers in addition to that layer (RFC 8200 §8.1)."""
    return source.packed + destination.packed + struct.pack("!II", length, next_header)


@dataclass(frozen=True, slots=True)
class Ipv6Packet:
    """`hop_by_hop` is the options of such a header, 6 bytes or a multiple of 8 more; empty if there is none.
    `next_header` is what follows it; any other extension header stays part of the payload."""

    source: IPv6Address
    destination: IPv6Address
    next_header: int
    payload: bytes
    hop_limit: int = DEFAULT_HOP_LIMIT
    traffic_class: int = 0
    flow_label: int = 0
    hop_by_hop: bytes = b""

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """From an Ethernet payload; what follows the payload length is padding. Raises Malformed."""
        if len(data) < HEADER_LENGTH:
            raise Malformed(f"ipv6: {len(data)} bytes are no header")
        first, length, next_header, hop_limit, source, destination = _HEADER.unpack_from(data)
        if first >> 28 != 6:
            raise Malformed(f"ipv6: version {first >> 28}")
        if HEADER_LENGTH + length > len(data):
            raise Malformed(f"ipv6: payload {length}, received {len(data) - HEADER_LENGTH} bytes")
        payload = bytes(data[HEADER_LENGTH : HEADER_LENGTH + length])
        options = b""
        if next_header == HOP_BY_HOP:
            next_header, options, payload = _split_options(payload)
        return cls(
            source=IPv6Address(source),
            destination=IPv6Address(destination),
            next_header=next_header,
            payload=payload,
            hop_limit=hop_limit,
            traffic_class=first >> 20 & 0xFF,
            flow_label=first & 0xFFFFF,
            hop_by_hop=options,
        )

    def emit(self) -> bytes:
        """Raises struct.error for a field that does not fit."""
        options, next_header = b"", self.next_header
        if self.hop_by_hop:
            length = (2 + len(self.hop_by_hop)) // _MIN_OPTIONS_LENGTH - 1
            options, next_header = bytes((self.next_header, length)) + self.hop_by_hop, HOP_BY_HOP
        header = _HEADER.pack(
            6 << 28 | self.traffic_class << 20 | self.flow_label,
            len(options) + len(self.payload),
            next_header,
            self.hop_limit,
            self.source.packed,
            self.destination.packed,
        )
        return header + options + self.payload


def _split_options(data: bytes) -> tuple[int, bytes, bytes]:
    """Next header, options and what follows them (RFC 8200 §4.3)."""
    length = _MIN_OPTIONS_LENGTH * (data[1] + 1) if len(data) >= _MIN_OPTIONS_LENGTH else len(data) + 1
    if length > len(data):
        raise Malformed(f"ipv6: hop-by-hop options beyond the {len(data)} bytes of the payload")
    return data[0], data[2:length], data[length:]
