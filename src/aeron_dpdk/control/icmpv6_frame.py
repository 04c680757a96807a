"""ICMPv6 messages and the frames that carry them."""

from dataclasses import dataclass
from ipaddress import IPv6Address
from typing import Self

from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType, Mac
from aeron_dpdk.wire.icmpv6 import Icmpv6Message
from aeron_dpdk.wire.ipv6 import NEXT_HEADER_ICMPV6, Ipv6Packet
from aeron_dpdk.wire.packet import Malformed


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
