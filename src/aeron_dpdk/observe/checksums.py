"""Fills in the checksums that a captured copy lacks, because the device computes them only later."""

import struct

from aeron_dpdk.wire.packet import internet_checksum

_TYPE = 12  # its offset in an Ethernet II frame without a tag; a tag is four bytes in front of it
_TYPE_VLAN, _TYPE_IPV6 = 0x8100, 0x86DD
_PROTOCOL_UDP = 17


def with_checksums(frame: bytes) -> bytes:
    """The whole frame, one of ours, with its checksums: Ethernet II, with or without a VLAN tag; IPv4 without
    options, or IPv6 without extension headers; UDP (RFC 768: 0 is sent as all ones)."""
    complete = bytearray(frame)
    at_type = _TYPE + 4 if _type_of(frame, _TYPE) == _TYPE_VLAN else _TYPE
    packet = at_type + 2
    if _type_of(frame, at_type) == _TYPE_IPV6:
        addresses, udp = packet + 8, packet + 40
    else:
        addresses, udp = packet + 12, packet + 20
        _put(complete, packet + 10, internet_checksum(_without(complete[packet:udp], 10)))
    length = len(frame) - udp
    pseudo = complete[addresses:udp] + struct.pack(">HH", _PROTOCOL_UDP, length)
    datagram = internet_checksum(bytes(pseudo) + _without(complete[udp:], 6))
    _put(complete, udp + 6, datagram or 0xFFFF)
    return bytes(complete)


def _type_of(frame: bytes, offset: int) -> int:
    return int.from_bytes(frame[offset : offset + 2])


def _put(frame: bytearray, offset: int, checksum: int) -> None:
    struct.pack_into(">H", frame, offset, checksum)


def _without(part: bytearray, offset: int) -> bytes:
    """The bytes with zero in place of the checksum at `offset`."""
    return bytes(part[:offset] + bytes(2) + part[offset + 2 :])
