"""A PCI Express function's configuration space: what the guest finds there, and what it may write.

Offsets: PCI Local Bus Specification 3.0 §6.1 and §6.8.2 (MSI-X), PCI Power Management 1.2 §3.2, PCI Express
Base 3.0 §7.8.
"""

import struct
from dataclasses import dataclass

LENGTH = 4096
COMMAND = 0x04
INTERRUPT_LINE = 0x3C
BAR_0 = 0x10
IS_64_BIT = 0x4
IS_PREFETCHABLE = 0x8

POWER, MSIX, EXPRESS = 0x40, 0x70, 0xA0
DEVICE_CONTROL = EXPRESS + 8
FUNCTION_LEVEL_RESET = 0x8000


@dataclass(frozen=True, slots=True)
class Identity:
    vendor: int
    device: int
    subsystem_vendor: int = 0
    subsystem: int = 0
    revision: int = 0
    class_code: int = 0x020000
    """An Ethernet controller (PCI Code and ID Assignment 1.11 §1.3)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A 64-bit memory BAR takes two slots: the next index stays free."""

    index: int
    length: int
    is_prefetchable: bool = False
    is_mapped: bool = False
    """The guest writes straight into memory that the model shares (`Host.mapped`): no message."""

    @property
    def flags(self) -> int:
        return IS_64_BIT | (IS_PREFETCHABLE if self.is_prefetchable else 0)


@dataclass(frozen=True, slots=True)
class MsixTable:
    vectors: int
    bar: int
    table_offset: int
    pending_offset: int


class ConfigurationSpace:
    """The bytes, and a mask of those bits that a write may change."""

    def __init__(self, identity: Identity, bars: tuple[Bar, ...], msix: MsixTable) -> None:
        self._bytes = bytearray(LENGTH)
        self._writable = bytearray(LENGTH)
        self._put(0x00, "<HH", identity.vendor, identity.device)
        self._put(0x06, "<H", 0x0010)
        self._put(0x08, "<I", identity.class_code << 8 | identity.revision)
        self._put(0x2C, "<HH", identity.subsystem_vendor, identity.subsystem)
        self._put(0x34, "<B", POWER)
        self._put(0x3D, "<B", 0)
        self._allow(COMMAND, "<H", 0x0546)
        self._allow(INTERRUPT_LINE, "<B", 0xFF)
        for bar in bars:
            offset = BAR_0 + 4 * bar.index
            self._put(offset, "<Q", bar.flags)
            self._allow(offset, "<Q", 2**64 - bar.length)
        self._add_capabilities(msix)

    def _add_capabilities(self, msix: MsixTable) -> None:
        self._put(POWER, "<BBHHBB", 0x01, MSIX, 0x0003, 0x0008, 0, 0)
        self._allow(POWER + 4, "<H", 0x0003)
        self._put(MSIX, "<BBHII", 0x11, EXPRESS, msix.vectors - 1,
                  msix.table_offset | msix.bar, msix.pending_offset | msix.bar)  # fmt: skip
        self._allow(MSIX + 2, "<H", 0xC000)
        # An endpoint, version 2, that supports function level reset, on a link of 8 lanes at 5 GT/s.
        self._put(EXPRESS, "<BBHIHHIHH", 0x10, 0x00, 0x0002, 0x10008001, 0x2810, 0, 0x00000082, 0, 0x0082)
        self._allow(DEVICE_CONTROL, "<H", 0x7FFF)
        self._allow(EXPRESS + 16, "<H", 0x00C3)

    def _put(self, offset: int, layout: str, *values: int) -> None:
        struct.pack_into(layout, self._bytes, offset, *values)

    def _allow(self, offset: int, layout: str, mask: int) -> None:
        struct.pack_into(layout, self._writable, offset, mask)

    def read(self, offset: int, length: int) -> bytes:
        return bytes(self._bytes[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        for place, value in enumerate(data, start=offset):
            mask = self._writable[place]
            self._bytes[place] = (self._bytes[place] & ~mask) | (value & mask)

    def asks_for_reset(self, offset: int, data: bytes) -> bool:
        """Whether a write sets "Initiate Function Level Reset", which always reads as 0."""
        if not offset <= DEVICE_CONTROL + 1 < offset + len(data):
            return False
        return bool(data[DEVICE_CONTROL + 1 - offset] & (FUNCTION_LEVEL_RESET >> 8))
