"""How ENA's parser and checksum engines treat a frame (ena_eth_io_defs.h, rx_cdesc_base and tx_desc)."""

import struct

from tests.lab.ena import queues

ETHERNET_LENGTH = 14
L3_IPV4, L3_IPV6 = 8, 11
L4_TCP, L4_UDP = 12, 13
L3_ERROR, L4_ERROR, IS_FRAGMENT, L4_CHECKED = 1 << 13, 1 << 14, 1 << 15, 1 << 16
# Offset of the checksum in a segment (RFC 768, RFC 9293 §3.1).
CHECKSUM_OFFSET = {17: 6, 6: 16}


def internet_sum(data: bytes, start: int = 0) -> int:
    """RFC 1071, not yet complemented."""
    if len(data) % 2:
        data = bytes(data) + b"\0"
    words: tuple[int, ...] = struct.unpack(f">{len(data) // 2}H", data)
    total = start + sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo_header(packet: bytes, segment_length: int) -> bytes:
    """The pseudo header of an IPv4 packet (RFC 768)."""
    return bytes(packet[12:20]) + struct.pack(">BBH", 0, packet[9], segment_length)


def ipv4(frame: bytes) -> bytes | None:
    """The packet without the frame's padding; None for anything but a whole IPv4 packet."""
    packet = frame[ETHERNET_LENGTH:]
    if frame[12:14] != b"\x08\x00" or len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    length = int.from_bytes(packet[2:4], "big")
    return packet[:length] if 20 <= length <= len(packet) else None


def is_fragment(packet: bytes) -> bool:
    return bool(int.from_bytes(packet[6:8], "big") & 0x3FFF)


def rx_status(frame: bytes) -> int:
    """The bits that say what a received frame is, and whether its checksums are correct."""
    packet = ipv4(frame)
    if packet is None:
        return L3_IPV6 if frame[12:14] == b"\x86\xdd" else 0
    header_length = (packet[0] & 0xF) * 4
    status = L3_IPV4
    if internet_sum(packet[:header_length]) != 0xFFFF:
        status |= L3_ERROR
    if is_fragment(packet):
        return status | IS_FRAGMENT
    protocol, segment = packet[9], packet[header_length:]
    if protocol not in CHECKSUM_OFFSET or len(segment) < 8:
        return status
    status |= (L4_UDP if protocol == 17 else L4_TCP) << 8
    if protocol == 17 and segment[6:8] == b"\0\0":
        return status
    status |= L4_CHECKED
    if internet_sum(pseudo_header(packet, len(segment)) + segment) != 0xFFFF:
        status |= L4_ERROR
    return status


def complete(packet: queues.TxPacket) -> None:
    """Fill in the checksums that a transmit descriptor asks for."""
    frame = packet.frame
    found = ipv4(bytes(frame))
    if found is None:
        return
    start = ETHERNET_LENGTH + (found[0] & 0xF) * 4
    end = ETHERNET_LENGTH + len(found)
    place = CHECKSUM_OFFSET.get(found[9])
    if packet.offloads & queues.TX_L4_CHECKSUM and place is not None:
        checksum = slice(start + place, start + place + 2)
        pseudo = 0
        if not packet.offloads & queues.TX_L4_IS_PARTIAL:
            frame[checksum] = b"\0\0"
            pseudo = internet_sum(pseudo_header(found, end - start))
        total = internet_sum(bytes(frame[start:end]), pseudo) ^ 0xFFFF
        frame[checksum] = (total or 0xFFFF).to_bytes(2, "big")
    if packet.offloads & queues.TX_L3_CHECKSUM:
        checksum = slice(ETHERNET_LENGTH + 10, ETHERNET_LENGTH + 12)
        frame[checksum] = b"\0\0"
        total = internet_sum(bytes(frame[ETHERNET_LENGTH:start])) ^ 0xFFFF
        frame[checksum] = total.to_bytes(2, "big")
