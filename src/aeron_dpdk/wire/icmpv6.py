"""ICMPv6 (RFC 4443), and the frames that carry it. One shape serves every message; its bodies are neighbour
discovery's and MLD's."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv6Address
from typing import Self

from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType, Mac
from aeron_dpdk.wire.ipv6 import NEXT_HEADER_ICMPV6, Ipv6Packet, pseudo_header
from aeron_dpdk.wire.packet import Malformed, internet_checksum

HEADER_LENGTH = 8


class Icmpv6Type(IntEnum):
    """The types that mean something to us."""

    DESTINATION_UNREACHABLE = 1
    PACKET_TOO_BIG = 2
    ECHO_REQUEST = 128
    ECHO_REPLY = 129
    MLD_QUERY = 130
    MLD_V1_REPORT = 131
    MLD_V1_DONE = 132
    ROUTER_SOLICITATION = 133
    ROUTER_ADVERTISEMENT = 134
    NEIGHBOUR_SOLICITATION = 135
    NEIGHBOUR_ADVERTISEMENT = 136
    MLD_V2_REPORT = 143


@dataclass(frozen=True, slots=True)
class Icmpv6Message:
    """`rest_of_header` is 4 bytes: identifier and sequence of an echo, the MTU of a packet too big, flags of
    an advertisement."""

    type: int
    code: int
    rest_of_header: bytes
    payload: bytes

    @classmethod
    def parse(cls, packet: Ipv6Packet) -> Self:
        """From a packet whose next header is ICMPv6. Raises Malformed."""
        data = packet.payload
        if len(data) < HEADER_LENGTH:
            raise Malformed(f"icmpv6: {len(data)} bytes are no header")
        if internet_checksum(_summed(packet.source, packet.destination, data)):
            raise Malformed("icmpv6: checksum")
        return cls(data[0], data[1], data[4:HEADER_LENGTH], data[HEADER_LENGTH:])

    def emit(self, source: IPv6Address, destination: IPv6Address) -> bytes:
        """The payload of a packet between these two."""
        kind, rest = bytes((self.type, self.code)), self.rest_of_header + self.payload
        checksum = internet_checksum(_summed(source, destination, kind + b"\0\0" + rest))
        return b"".join((kind, checksum.to_bytes(2, "big"), rest))


def _summed(source: IPv6Address, destination: IPv6Address, data: bytes) -> bytes:
    return pseudo_header(source, destination, len(data), NEXT_HEADER_ICMPV6) + data


@dataclass(frozen=True, slots=True)
class Received:
    frame: EthernetFrame
    packet: Ipv6Packet
    message: Icmpv6Message

    @classmethod
    def parse(cls, frame: EthernetFrame) -> Self:
        """Raises Malformed."""
        packet = Ipv6Packet.parse(frame.payload)
        if packet.next_header != NEXT_HEADER_ICMPV6:
            raise Malformed(f"ipv6: next header {packet.next_header} is not for the control plane")
        return cls(frame, packet, Icmpv6Message.parse(packet))


def icmpv6_frame(
    message: Icmpv6Message,
    macs: tuple[Mac, Mac],
    ends: tuple[IPv6Address, IPv6Address],
    *,
    hop_limit: int,
    hop_by_hop: bytes = b"",
) -> bytes:
    """`macs` and `ends` are source and destination."""
    packet = Ipv6Packet(
        *ends,
        next_header=NEXT_HEADER_ICMPV6,
        payload=message.emit(*ends),
        hop_limit=hop_limit,
        hop_by_hop=hop_by_hop,
    )
    source, destination = macs
    return EthernetFrame(destination, source, EtherType.IPV6, packet.emit()).emit()
