"""Transmit rings: descriptors of both formats, and frames sent to the cable (82599 datasheet 7.2.3)."""

import struct
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field

from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.bus import Bus
from tests.lab.ixgbe.offload import (
    Context,
    insert_checksums,
    insert_legacy_checksum,
    insert_vlan,
    pad,
    segments,
)

LAST, INSERT_CHECKSUM, REPORT, EXTENDED, TAG, SEGMENT = (1 << bit for bit in (24, 26, 27, 29, 30, 31))
KIND, KIND_CONTEXT = 0xF << 20, 2 << 20
CHECK_CONTEXT, IPV4_CHECKSUM, L4_CHECKSUM = 1 << 7, 1 << 8, 1 << 9
DONE = 1
DESCRIPTOR = 16


@dataclass
class Pending:
    """A frame whose last descriptor has not arrived yet. `first` carries its options."""

    data: bytearray = field(default_factory=bytearray)
    first: tuple[int, int] | None = None


@dataclass
class TransmitRings:
    bus: Bus
    registers: MutableMapping[int, int]
    sent: Callable[[int, bytes], None]
    """Called with queue and frame."""
    _contexts: dict[tuple[int, int], Context] = field(default_factory=dict)
    _pending: dict[int, Pending] = field(default_factory=dict)

    def reset(self) -> None:
        self._contexts.clear()
        self._pending.clear()

    def run(self, queue: int) -> bool:
        """Everything that the driver has queued up to the tail; returns whether a descriptor was written
        back."""
        get = self.registers.get
        control = get(r.tx(queue, r.CONTROL), 0)
        entries = get(r.tx(queue, r.LENGTH), 0) // DESCRIPTOR
        if not control & r.QUEUE_ENABLE or not entries or not get(r.DMATXCTL, 0) & r.DMATXCTL_ENABLE:
            return False
        base = get(r.tx(queue, r.BASE_HIGH), 0) << 32 | get(r.tx(queue, r.BASE_LOW), 0)
        head, tail = get(r.tx(queue, r.HEAD), 0), get(r.tx(queue, r.TAIL), 0)
        reported = False
        while head != tail % entries:
            where = base + DESCRIPTOR * head
            command = self._take(queue, self.bus.read(where, DESCRIPTOR))
            if command & REPORT:
                self.bus.write(where + 8, struct.pack("<II", 0, DONE))
                reported = True
            head = (head + 1) % entries
            self.registers[r.tx(queue, r.HEAD)] = head
        return reported

    def _take(self, queue: int, descriptor: bytes) -> int:
        """Takes one descriptor; returns its command word."""
        address, command, status = struct.unpack("<QII", descriptor)
        if command & EXTENDED and command & KIND == KIND_CONTEXT:
            # Two contexts per queue, chosen by IDX.
            index = struct.unpack_from("<I", descriptor, 12)[0] >> 4 & 1
            self._contexts[queue, index] = Context.parse(descriptor)
            return int(command)
        pending = self._pending.setdefault(queue, Pending())
        if pending.first is None:
            pending.first = (command, status)
        if length := command & 0xFFFF:
            pending.data += self.bus.read(address, length)
        if command & LAST:
            del self._pending[queue]
            for frame in self._finished(queue, pending, command, status):
                if self.registers.get(r.HLREG0, 0) & r.HLREG0_PAD:
                    pad(frame)
                self.sent(queue, bytes(frame))
                self.bus.transmit(bytes(frame))
        return int(command)

    def _finished(self, queue: int, pending: Pending, command: int, status: int) -> Iterator[bytearray]:
        assert pending.first is not None
        frame = pending.data
        if not command & EXTENDED:
            if command & INSERT_CHECKSUM:
                insert_legacy_checksum(frame, status >> 8 & 0xFF, command >> 16 & 0xFF)
            frames, tag = iter((frame,)), status >> 16
        else:
            first_command, options = pending.first
            context = self._contexts.get((queue, options >> 4 & 1), Context())
            tag = context.vlan
            if first_command & SEGMENT and context.segment_size:
                frames = segments(bytes(frame), context)
            else:
                insert_checksums(
                    frame, context, ipv4=bool(options & IPV4_CHECKSUM), l4=bool(options & L4_CHECKSUM)
                )
                frames = iter((frame,))
        for each in frames:
            if command & TAG:
                insert_vlan(each, tag)
            yield each
