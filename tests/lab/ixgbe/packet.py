"""What the 82599 finds in a received frame: where its headers are, and whether their checksums are
correct."""

import struct
from dataclasses import dataclass, replace

ETHERNET = 14
VLAN = 0x8100
IPV4 = 0x0800
TCP, UDP = 6, 17


def ones_sum(data: bytes, start: int = 0) -> int:
    """RFC 1071: the folded sum of 16-bit words, not complemented."""
    if len(data) % 2:
        data += b"\0"
    total: int = start + sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of an IPv4 packet, or of a frame that is not one (`ipv4` is 0)."""

    vlan: int | None = None
    ethertype: int = 0
    ipv4: int = 0
    """Where its header begins."""
    l4: int = 0
    end: int = 0
    protocol: int = 0
    source: bytes = b""
    destination: bytes = b""
    source_port: int = 0
    destination_port: int = 0
    has_ports: bool = False
    """UDP or TCP, and not a fragment."""


def dissect(frame: bytes) -> Headers:
    ethertype = int.from_bytes(frame[12:14], "big")
    start, vlan = ETHERNET, None
    if ethertype == VLAN and len(frame) >= 18:
        vlan, ethertype = struct.unpack_from(">HH", frame, 14)
        start += 4
    if ethertype != IPV4 or len(frame) < start + 20 or frame[start] >> 4 != 4:
        return Headers(vlan, ethertype)
    length, _, fragment, _, protocol = struct.unpack_from(">HHHBB", frame, start + 2)
    l4, end = start + 4 * (frame[start] & 0xF), start + length
    source, destination = frame[start + 12 : start + 16], frame[start + 16 : start + 20]
    packet = Headers(vlan, ethertype, start, l4, end, protocol, source, destination)
    least = {TCP: 20, UDP: 8}.get(protocol)
    if least is None or fragment & 0x3FFF or not l4 + least <= end <= len(frame):
        return packet
    source_port, destination_port = struct.unpack_from(">HH", frame, l4)
    return replace(packet, source_port=source_port, destination_port=destination_port, has_ports=True)


def ipv4_checksum_holds(frame: bytes, headers: Headers) -> bool:
    return ones_sum(frame[headers.ipv4 : headers.l4]) == 0xFFFF


def pseudo_header_sum(source: bytes, destination: bytes, protocol: int, length: int) -> int:
    return ones_sum(source + destination + struct.pack(">HH", protocol, length))


def l4_checksum_holds(frame: bytes, headers: Headers) -> bool:
    """A UDP checksum of zero counts as an error here: an erratum of the 82599 that drivers work around
    (Linux: ixgbe_rx_checksum; DPDK: rx_udp_csum_zero_err)."""
    segment = frame[headers.l4 : headers.end]
    start = pseudo_header_sum(headers.source, headers.destination, headers.protocol, len(segment))
    if headers.protocol == UDP and segment[6:8] == b"\0\0":
        return False
    return ones_sum(segment, start) == 0xFFFF
