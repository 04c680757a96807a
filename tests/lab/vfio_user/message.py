"""vfio-user messages as little-endian bytes, with one header each (QEMU docs/interop/vfio-user.rst)."""

import json
import struct
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct("<HHIII")
ACCESS = struct.Struct("<QII")
DMA_MAP = struct.Struct("<IIQQQ")
DMA_UNMAP = struct.Struct("<IIQQ")
SET_IRQS = struct.Struct("<IIIII")

REPLY = 0x1
NO_REPLY = 0x10
ERROR = 0x20

REGION_READ = 0x1
REGION_WRITE = 0x2
REGION_MMAP = 0x4

INTX = 0
MSIX = 2
CONFIGURATION_REGION = 7
REGION_COUNT = 9
INTERRUPT_KINDS = 5
DEVICE_IS_PCI_AND_RESETS = 0x3
INTERRUPT_IS_EVENTFD = 0x1
SET_IRQS_TRIGGER = 0x20


class Command(IntEnum):
    VERSION = 1
    DMA_MAP = 2
    DMA_UNMAP = 3
    DEVICE_GET_INFO = 4
    DEVICE_GET_REGION_INFO = 5
    DEVICE_GET_IRQ_INFO = 7
    DEVICE_SET_IRQS = 8
    REGION_READ = 9
    REGION_WRITE = 10
    DEVICE_RESET = 13


@dataclass(frozen=True, slots=True)
class Request:
    """`descriptors`: the file descriptors that came with the request; we have to close them."""

    identifier: int
    command: int
    payload: bytes
    wants_reply: bool
    descriptors: tuple[int, ...] = ()


def reply(request: Request, payload: bytes) -> bytes:
    size = HEADER.size + len(payload)
    return HEADER.pack(request.identifier, request.command, size, REPLY, 0) + payload


def refusal(request: Request, error_number: int) -> bytes:
    return HEADER.pack(request.identifier, request.command, HEADER.size, REPLY | ERROR, error_number)


def version(request: Request) -> bytes:
    """Our answer to the client's version: the same numbers; a higher minor would end the connection."""
    major, minor = struct.unpack_from("<HH", request.payload)
    limits = {"capabilities": {"max_msg_fds": 8, "max_data_xfer_size": 1 << 20, "pgsizes": 4096}}
    return struct.pack("<HH", major, minor) + json.dumps(limits).encode() + b"\0"


def device_info() -> bytes:
    return struct.pack("<IIII", 16, DEVICE_IS_PCI_AND_RESETS, REGION_COUNT, INTERRUPT_KINDS)


def region_info(index: int, length: int, *, is_mappable: bool = False) -> bytes:
    flags = (REGION_READ | REGION_WRITE | (REGION_MMAP if is_mappable else 0)) if length else 0
    return struct.pack("<IIIIQQ", 32, flags, index, 0, length, 0)


def interrupt_info(index: int, count: int) -> bytes:
    return struct.pack("<IIII", 16, INTERRUPT_IS_EVENTFD, index, count)
