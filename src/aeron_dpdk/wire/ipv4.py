"""IPv4 (RFC 791)."""

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Self

from aeron_dpdk.wire.packet import Malformed, internet_checksum

MIN_HEADER_LENGTH = 20
PROTOCOL_ICMP = 1
PROTOCOL_IGMP = 2
DEFAULT_TTL = 64  # RFC 1340

_HEADER = struct.Struct("!BBHHHBBH4s4s")
_DONT_FRAGMENT = 0x4000
_MORE_FRAGMENTS = 0x2000
_OFFSET_MASK = 0x1FFF


def protocol_of(data: bytes | memoryview) -> int | None:
    """The protocol in an Ethernet payload that has not been checked yet; None if it is too short."""
    return data[9] if len(data) >= MIN_HEADER_LENGTH else None


@dataclass(frozen=True, slots=True)
class Ipv4Packet:
    """`fragment_offset` counts units of 8 bytes; `options` is a multiple of 4 bytes, at most 40."""

    source: IPv4Address
    destination: IPv4Address
    protocol: int
    payload: bytes
    type_of_service: int = 0
    identification: int = 0
    dont_fragment: bool = False
    more_fragments: bool = False
    fragment_offset: int = 0
    ttl: int = DEFAULT_TTL
    options: bytes = b""

    @property
    def is_fragment(self) -> bool:
        return self.more_fragments or self.fragment_offset != 0

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """From an Ethernet payload; what follows the total length is padding. Raises Malformed."""
        if len(data) < MIN_HEADER_LENGTH:
            raise Malformed(f"ipv4: {len(data)} bytes are no header")
        version_ihl, tos, total_length, identification, flags, ttl, protocol, _, source, destination = (
            _HEADER.unpack_from(data)
        )
        header_length = 4 * (version_ihl & 0x0F)
        if version_ihl >> 4 != 4:
            raise Malformed(f"ipv4: version {version_ihl >> 4}")
        if not MIN_HEADER_LENGTH <= header_length <= total_length <= len(data):
            raise Malformed(f"ipv4: header {header_length}, total {total_length}, received {len(data)} bytes")
        if internet_checksum(data[:header_length]):
            raise Malformed("ipv4: header checksum")
        return cls(
            source=IPv4Address(source),
            destination=IPv4Address(destination),
            protocol=protocol,
            payload=bytes(data[header_length:total_length]),
            type_of_service=tos,
            identification=identification,
            dont_fragment=bool(flags & _DONT_FRAGMENT),
            more_fragments=bool(flags & _MORE_FRAGMENTS),
            fragment_offset=flags & _OFFSET_MASK,
            ttl=ttl,
            options=bytes(data[MIN_HEADER_LENGTH:header_length]),
        )

    def emit(self) -> bytes:
        """The packet with its header checksum. Raises struct.error for a field that does not fit."""
        header_length = MIN_HEADER_LENGTH + len(self.options)
        flags = (
            (_DONT_FRAGMENT if self.dont_fragment else 0)
            | (_MORE_FRAGMENTS if self.more_fragments else 0)
            | self.fragment_offset
        )
        unsummed = _HEADER.pack(
            0x40 | header_length // 4,
            self.type_of_service,
            header_length + len(self.payload),
            self.identification,
            flags,
            self.ttl,
            self.protocol,
            0,
            self.source.packed,
            self.destination.packed,
        )
        checksum = internet_checksum(unsummed + self.options).to_bytes(2, "big")
        return b"".join((unsummed[:10], checksum, unsummed[12:], self.options, self.payload))
