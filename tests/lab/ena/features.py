"""What an ENA reports about itself, and what a driver may set (ena_admin_defs.h)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from tests.lab.ena.admin import Command, Group, Refused, Status
from tests.lab.ena.rss import KEY_LENGTH, TABLE_BITS, Rss
from tests.lab.vfio_user.device import Host


class Feature(IntEnum):
    DEVICE_ATTRIBUTES = 1
    HW_HINTS = 3
    LLQ = 4
    MAX_QUEUES_EXT = 7
    RSS_HASH_FUNCTION = 10
    STATELESS_OFFLOAD_CONFIG = 11
    RSS_INDIRECTION_TABLE_CONFIG = 12
    MTU = 14
    RSS_HASH_INPUT = 18
    AENQ_CONFIG = 26
    LINK_CONFIG = 27
    HOST_ATTR_CONFIG = 28


TOEPLITZ = 1
# Transmit: IPv4 and L4 checksums, but no TSO; receive: L3 and L4 checksums and the hash.
TX_OFFLOADS = 0x1 | 0x2 | 0x4
RX_OFFLOADS = 0x1 | 0x2 | 0x8
OFFLOADS = struct.pack("<III", TX_OFFLOADS, RX_OFFLOADS, RX_OFFLOADS)
INLINE_HEADER, MULTIPLE_DESCRIPTORS = 1, 2
EVENT_GROUPS = sum(1 << group for group in Group)
LINE_LENGTHS = {1: 128, 4: 256}


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an instance type."""

    most_queues: int = 4
    most_descriptors: int = 1024
    largest_mtu: int = 9216
    """The device's own; a VPC carries 9,001."""
    has_llq: bool = True
    has_rss_key: bool = True
    """Whether a driver may choose hash function and key."""


@dataclass(slots=True)
class Configuration:
    """What the driver has set."""

    mac: bytes
    limits: Limits
    mtu: int = 1500
    enabled_groups: int = 0
    line_length: int = 128
    descriptors_before_header: int = 2
    rss: Rss = field(default_factory=Rss)

    # ---- GET_FEATURE ----

    @property
    def supported(self) -> int:
        missing = set() if self.limits.has_llq else {Feature.LLQ}
        if not self.limits.has_rss_key:
            missing |= {Feature.RSS_HASH_FUNCTION}
        return sum(1 << feature for feature in Feature if feature not in missing)

    def get(self, command: Command, host: Host) -> bytes:
        answers: dict[int, Callable[[], bytes]] = {
            Feature.DEVICE_ATTRIBUTES: self._attributes,
            Feature.HW_HINTS: lambda: bytes(32),
            Feature.LLQ: self._llq,
            Feature.MAX_QUEUES_EXT: self._queues,
            Feature.STATELESS_OFFLOAD_CONFIG: lambda: OFFLOADS,
            Feature.AENQ_CONFIG: lambda: struct.pack("<II", EVENT_GROUPS, self.enabled_groups),
            # "Unknown" is what an instance reports as its speed. Full duplex.
            Feature.LINK_CONFIG: lambda: struct.pack("<III", 0, 0, 0x2),
            Feature.RSS_HASH_FUNCTION: lambda: self._hash_function(command, host),
            Feature.RSS_HASH_INPUT: lambda: self._hash_input(command, host),
            Feature.RSS_INDIRECTION_TABLE_CONFIG: lambda: self._indirection_table(command, host),
        }
        if command.feature not in answers or not self.supported & 1 << command.feature:
            raise Refused(Status.UNSUPPORTED_OPCODE)
        return answers[command.feature]()

    def _attributes(self) -> bytes:
        has_metrics = 1
        return struct.pack(
            "<IIIIII6s2xI", 0, 0, self.supported, has_metrics, 48, 48, self.mac, self.limits.largest_mtu
        )

    def _queues(self) -> bytes:
        queues, depth = self.limits.most_queues, self.limits.most_descriptors
        largest_header, most_tx, most_rx = 96, 17, 8
        return struct.pack("<B3x9IHH", 1, *[queues] * 4, *[depth] * 4, largest_header, most_tx, most_rx)

    def _llq(self) -> bytes:
        lines = sum(LINE_LENGTHS)
        before_header = 1 | 2 | 4 | 8
        return struct.pack(
            "<II8HIHHI",
            self.limits.most_queues, self.limits.most_descriptors,
            INLINE_HEADER, 0, lines, 0, before_header, 0, MULTIPLE_DESCRIPTORS, 0, 0, 0, 0, 0,
        )  # fmt: skip

    def _hash_function(self, command: Command, host: Host) -> bytes:
        address, length = command.control
        if length:
            host.memory.write(address, struct.pack("<II", KEY_LENGTH // 4, 0) + self.rss.key)
        return struct.pack("<III", 1 << TOEPLITZ, 1 << self.rss.function, 0)

    def _hash_input(self, command: Command, host: Host) -> bytes:
        address, length = command.control
        if length:
            host.memory.write(address, self.rss.fields_as_bytes().ljust(length, b"\0"))
        return struct.pack("<HH", 0, 0)

    def _indirection_table(self, command: Command, host: Host) -> bytes:
        address, length = command.control
        if length:
            host.memory.write(address, self.rss.table_as_bytes()[:length])
        return struct.pack("<HHHHI", TABLE_BITS, TABLE_BITS, TABLE_BITS, 0, 0xFFFFFFFF)

    # ---- SET_FEATURE ----

    def set(self, command: Command, host: Host) -> None:
        setters: dict[int, Callable[[Command, Host], None]] = {
            Feature.MTU: self._set_mtu,
            Feature.AENQ_CONFIG: self._set_groups,
            Feature.HOST_ATTR_CONFIG: self._set_host_attributes,
            Feature.LLQ: self._set_llq,
            Feature.RSS_HASH_FUNCTION: self._set_hash_function,
            Feature.RSS_HASH_INPUT: self._set_hash_input,
            Feature.RSS_INDIRECTION_TABLE_CONFIG: self._set_indirection_table,
        }
        if command.feature not in setters or not self.supported & 1 << command.feature:
            raise Refused(Status.UNSUPPORTED_OPCODE)
        setters[command.feature](command, host)

    def _set_mtu(self, command: Command, host: Host) -> None:
        (mtu,) = struct.unpack_from("<I", command.values)
        if not 128 <= mtu <= self.limits.largest_mtu:
            raise Refused(Status.ILLEGAL_PARAMETER)
        self.mtu = mtu

    def _set_groups(self, command: Command, host: Host) -> None:
        _, self.enabled_groups = struct.unpack_from("<II", command.values)

    def _set_host_attributes(self, command: Command, host: Host) -> None:
        """What the driver reports about itself: nothing here reads it, but its address must be valid."""
        low, high = struct.unpack_from("<IH", command.values)
        host.memory.read(low | high << 32, 512)

    def _set_llq(self, command: Command, host: Host) -> None:
        fields = struct.unpack_from("<II8H", command.values)
        location, line, before_header, stride = fields[3::2]
        if (location, stride) != (INLINE_HEADER, MULTIPLE_DESCRIPTORS) or line not in LINE_LENGTHS:
            raise Refused(Status.ILLEGAL_PARAMETER)
        self.line_length, self.descriptors_before_header = LINE_LENGTHS[line], before_header

    def _set_hash_function(self, command: Command, host: Host) -> None:
        address, length = command.control
        if length >= 8 + KEY_LENGTH:
            self.rss.key = host.memory.read(address + 8, KEY_LENGTH)

    def _set_hash_input(self, command: Command, host: Host) -> None:
        address, length = command.control
        self.rss.set_fields(host.memory.read(address, length))

    def _set_indirection_table(self, command: Command, host: Host) -> None:
        address, length = command.control
        if length != 4 << TABLE_BITS:
            raise Refused(Status.ILLEGAL_PARAMETER)
        self.rss.set_table(host.memory.read(address, length))
