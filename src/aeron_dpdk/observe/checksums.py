"""Checksums that a captured copy lacks, because the device computes them after the copy was made."""

import struct

from aeron_dpdk.wire.checksum import internet_checksum

_ETHERNET = 14
_IPV4_CHECKSUM, _IPV4_ADDRESSES = _ETHERNET + 10, _ETHERNET + 12
_UDP = _ETHERNET + 20
_PROTOCOL_UDP = 17


def with_checksums(frame: bytes) -> bytes:
    """Of a whole frame of ours: Ethernet II, IPv4 without options, UDP (RFC 768: 0 is sent as all ones)."""
    complete = bytearray(frame)
    complete[_IPV4_CHECKSUM : _IPV4_CHECKSUM + 2] = bytes(2)
    complete[_UDP + 6 : _UDP + 8] = bytes(2)
    header = internet_checksum(bytes(complete[_ETHERNET:_UDP]))
    struct.pack_into(">H", complete, _IPV4_CHECKSUM, header)
    pseudo = complete[_IPV4_ADDRESSES:_UDP] + struct.pack(">BBH", 0, _PROTOCOL_UDP, len(frame) - _UDP)
    datagram = internet_checksum(bytes(pseudo + complete[_UDP:]))
    struct.pack_into(">H", complete, _UDP + 6, datagram or 0xFFFF)
    return bytes(complete)
