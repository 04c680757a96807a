"""Frames as a pcapng file (draft-ietf-opsawg-pcapng): the format of Wireshark and tshark, with nanoseconds,
directions and comments. Pure: each function returns the bytes of one block.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

_SECTION_HEADER, _INTERFACE, _ENHANCED_PACKET, _STATISTICS = 0x0A0D0D0A, 1, 6, 5
_BYTE_ORDER_MAGIC = 0x1A2B3C4D
_LINKTYPE_ETHERNET = 1
_NANOSECONDS = 9  # if_tsresol: a negative power of ten
_UNKNOWN_LENGTH = -1

_END, _COMMENT = 0, 1
_APPLICATION = 4
_NAME, _DESCRIPTION, _RESOLUTION, _FILTER = 2, 3, 9, 11
_FLAGS = 2
_DROPPED_BY_US, _DELIVERED = 7, 8


class Direction(IntEnum):
    """epb_flags, bits 0 and 1."""

    UNKNOWN = 0
    INBOUND = 1
    OUTBOUND = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """A captured frame: `frame_length` bytes on the wire, the first of which are `data`."""

    time_ns: int
    direction: Direction
    frame_length: int
    data: bytes
    comment: str = ""


def section_header(application: str) -> bytes:
    body = struct.pack("<IHHq", _BYTE_ORDER_MAGIC, 1, 0, _UNKNOWN_LENGTH)
    return _block(_SECTION_HEADER, body + _options((_APPLICATION, application.encode())))


def interface(name: str, description: str, snap_length: int, filter_expression: str) -> bytes:
    options = [
        (_NAME, name.encode()),
        (_DESCRIPTION, description.encode()),
        (_RESOLUTION, bytes([_NANOSECONDS])),
    ]
    if filter_expression:
        options.append((_FILTER, b"\0" + filter_expression.encode()))  # 0: as libpcap writes filters
    return _block(_INTERFACE, struct.pack("<HHI", _LINKTYPE_ETHERNET, 0, snap_length) + _options(*options))


def packet(interface_id: int, frame: Frame) -> bytes:
    high, low = divmod(frame.time_ns, 1 << 32)
    header = struct.pack("<IIIII", interface_id, high, low, len(frame.data), frame.frame_length)
    options = [(_FLAGS, struct.pack("<I", frame.direction))]
    if frame.comment:
        options.append((_COMMENT, frame.comment.encode()))
    return _block(_ENHANCED_PACKET, header + _padded(frame.data) + _options(*options))


def statistics(interface_id: int, time_ns: int, captured: int, lost: int) -> bytes:
    """The statistics of the whole capture, for its end."""
    high, low = divmod(time_ns, 1 << 32)
    counts = ((_DROPPED_BY_US, struct.pack("<Q", lost)), (_DELIVERED, struct.pack("<Q", captured)))
    return _block(_STATISTICS, struct.pack("<III", interface_id, high, low) + _options(*counts))


def _block(kind: int, body: bytes) -> bytes:
    length = len(body) + 12
    return struct.pack("<II", kind, length) + body + struct.pack("<I", length)


def _options(*options: tuple[int, bytes]) -> bytes:
    encoded = [struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options]
    return b"".join(encoded) + struct.pack("<HH", _END, 0)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
