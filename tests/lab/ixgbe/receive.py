"""Receive rings: a frame goes into buffers of the host, and its descriptor is written back (82599
datasheet 7.1.5-6)."""

import struct
import zlib
from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import Enum, auto

from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.bus import Bus
from tests.lab.ixgbe.packet import TCP, UDP, Headers, ipv4_checksum_holds, l4_checksum_holds

DONE, LAST, FLOW_MATCH, TAGGED = 1 << 0, 1 << 1, 1 << 2, 1 << 3
UDP_CHECKED, L4_CHECKED, IPV4_CHECKED = 1 << 4, 1 << 5, 1 << 6
L4_ERROR, IPV4_ERROR = 1 << 30, 1 << 31
TYPE_IPV4, TYPE_IPV4_OPTIONS, TYPE_TCP, TYPE_UDP = 1 << 4, 1 << 5, 1 << 8, 1 << 9
DESCRIPTOR = 16


class Outcome(Enum):
    STORED = auto()
    DROPPED = auto()
    NO_DESCRIPTORS = auto()


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame on its way to a queue."""

    frame: bytes
    headers: Headers
    queue: int
    rss_hash: int = 0
    rss_type: int = 0
    is_flow_match: bool = False


def packet_type(headers: Headers) -> int:
    if not headers.ipv4:
        return 0
    kind = TYPE_IPV4 if headers.l4 - headers.ipv4 == 20 else TYPE_IPV4_OPTIONS
    if headers.has_ports:
        kind |= TYPE_TCP if headers.protocol == TCP else TYPE_UDP
    return kind


def checksum_status(frame: bytes, headers: Headers) -> int:
    if not headers.ipv4:
        return 0
    status = IPV4_CHECKED | (0 if ipv4_checksum_holds(frame, headers) else IPV4_ERROR)
    if headers.has_ports:
        status |= L4_CHECKED | (UDP_CHECKED if headers.protocol == UDP else 0)
        status |= 0 if l4_checksum_holds(frame, headers) else L4_ERROR
    return status


def advanced(arrival: Arrival, status: int, length: int, vlan: int) -> tuple[bytes, bytes]:
    lower = struct.pack("<II", packet_type(arrival.headers) | arrival.rss_type, arrival.rss_hash)
    return lower, struct.pack("<IHH", status, length, vlan)


def legacy(address: int, status: int, length: int, vlan: int) -> tuple[bytes, bytes]:
    errors = status >> 24 & 0xC0
    return struct.pack("<Q", address), struct.pack("<HHBBH", length, 0, status & 0x7F, errors, vlan)


@dataclass
class ReceiveRings:
    bus: Bus
    registers: MutableMapping[int, int]

    def place(self, arrival: Arrival) -> Outcome:
        """Places a frame whole, or not at all."""
        queue = arrival.queue
        get = self.registers.get
        control = get(r.rx(queue, r.CONTROL), 0)
        entries = get(r.rx(queue, r.LENGTH), 0) // DESCRIPTOR
        if not control & r.QUEUE_ENABLE or not entries:
            return Outcome.DROPPED
        split = get(r.srrctl(queue), 0)
        size = (split & 0x7F) << 10 or 2048
        frame, status, vlan = self._on_the_way_in(arrival, control)
        pieces = [frame[start : start + size] for start in range(0, len(frame), size)]
        head = get(r.rx(queue, r.HEAD), 0)
        if (get(r.rx(queue, r.TAIL), 0) - head) % entries < len(pieces):
            return Outcome.DROPPED if split & r.SRRCTL_DROP else Outcome.NO_DESCRIPTORS
        base = get(r.rx(queue, r.BASE_HIGH), 0) << 32 | get(r.rx(queue, r.BASE_LOW), 0)
        for index, piece in enumerate(pieces):
            is_last = index == len(pieces) - 1
            where = base + DESCRIPTOR * head
            address = struct.unpack("<Q", self.bus.read(where, 8))[0]
            self.bus.write(address, piece)
            piece_status = DONE | (status | LAST if is_last else 0)
            if split & r.SRRCTL_TYPE:
                lower, upper = advanced(arrival, piece_status, len(piece), vlan)
            else:
                lower, upper = legacy(address, piece_status, len(piece), vlan)
            self.bus.write(where, lower)
            self.bus.write(where + 8, upper)
            head = (head + 1) % entries
        self.registers[r.rx(queue, r.HEAD)] = head
        return Outcome.STORED

    def _on_the_way_in(self, arrival: Arrival, control: int) -> tuple[bytes, int, int]:
        """The bytes for the buffers, status bits, and the tag that was removed."""
        frame, headers = arrival.frame, arrival.headers
        status = checksum_status(frame, headers) | (FLOW_MATCH if arrival.is_flow_match else 0)
        vlan = 0
        if headers.vlan is not None and control & r.RXDCTL_VLAN_STRIP:
            frame, vlan = frame[:12] + frame[16:], headers.vlan
            status |= TAGGED
        if not self.registers.get(r.HLREG0, 0) & r.HLREG0_CRC_STRIP:
            frame += struct.pack("<I", zlib.crc32(frame))
        return frame, status, vlan
