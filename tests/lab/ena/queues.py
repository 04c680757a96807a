"""I/O submission and completion queues, with phases as the device writes them (ena_eth_io_defs.h)."""

import struct
from dataclasses import dataclass, field, replace

from tests.lab.vfio_user.device import Host

TX, RX = 1, 2
IN_DEVICE_MEMORY = 3
DESCRIPTOR_LENGTH = 16
TX_COMPLETION = struct.Struct("<HBBHH")
RX_COMPLETION = struct.Struct("<IHHIHBB")
TX_DESCRIPTOR = struct.Struct("<IIII")
RX_DESCRIPTOR = struct.Struct("<HBBHHIHH")

TX_META, TX_LAST, TX_COMPLETE = 1 << 23, 1 << 27, 1 << 28
TX_SEGMENTS_TCP, TX_L3_CHECKSUM, TX_L4_CHECKSUM, TX_L4_IS_PARTIAL = 1 << 7, 1 << 13, 1 << 14, 1 << 17


@dataclass(slots=True)
class CompletionQueue:
    index: int
    address: int
    depth: int
    entry_length: int
    vector: int
    has_interrupts: bool
    tail: int = 0

    @property
    def phase(self) -> int:
        """1 in the first round, then alternating."""
        return 1 - (self.tail // self.depth) % 2

    def post(self, host: Host, entry: bytes) -> None:
        """The entry already contains this queue's phase."""
        place = self.address + (self.tail % self.depth) * self.entry_length
        host.memory.write(place, entry)
        self.tail += 1


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a submission queue's entries are: in the guest's memory, or in the device's (LLQ)."""

    address: int
    is_in_device: bool
    entry_length: int = DESCRIPTOR_LENGTH
    descriptors_before_header: int = 0


@dataclass(slots=True)
class SubmissionQueue:
    index: int
    direction: int
    depth: int
    placement: Placement
    completion: CompletionQueue
    head: int = 0
    tail: int = 0

    @property
    def waiting(self) -> int:
        return (self.tail - self.head) & 0xFFFF

    def take(self, host: Host) -> bytes:
        """The next entry that the driver has rung the doorbell for."""
        offset = self.placement.address + (self.head % self.depth) * self.placement.entry_length
        self.head = (self.head + 1) & 0xFFFF
        if not self.placement.is_in_device:
            return host.memory.read(offset, self.placement.entry_length)
        return bytes(host.mapped[2][offset : offset + self.placement.entry_length])


@dataclass(frozen=True, slots=True)
class TxPacket:
    request: int
    frame: bytearray
    offloads: int
    wants_completion: bool


def take_packet(queue: SubmissionQueue, host: Host) -> TxPacket | None:
    """The next packet of a transmit queue; None if there is none, or only part of one."""
    start = queue.head
    words: list[tuple[int, int, int, int]] = []
    header = b""
    while queue.waiting and not (words and words[-1][0] & TX_LAST):
        entry = queue.take(host)
        is_first_line = queue.placement.is_in_device and not words
        descriptors_length = len(entry)
        if is_first_line:
            descriptors_length = queue.placement.descriptors_before_header * DESCRIPTOR_LENGTH
            header = entry[descriptors_length:]
        for offset in range(0, descriptors_length, DESCRIPTOR_LENGTH):
            words.append(TX_DESCRIPTOR.unpack_from(entry, offset))
            if words[-1][0] & TX_LAST:
                break
    if not words or not words[-1][0] & TX_LAST:
        queue.head = start
        return None
    data = [word for word in words if not word[0] & TX_META]
    first = data[0]
    frame = bytearray(header[: first[3] >> 24] if queue.placement.is_in_device else b"")
    for control, _, low, high in data:
        if length := control & 0xFFFF:
            frame += host.memory.read(low | (high & 0xFFFF) << 32, length)
    request = first[1] >> 22 | (first[0] >> 16 & 0x3F) << 10
    return TxPacket(request, frame, first[1], bool(first[0] & TX_COMPLETE))


def tx_completion(queue: SubmissionQueue, request: int) -> bytes:
    return TX_COMPLETION.pack(request, 0, queue.completion.phase, queue.index, queue.head)


@dataclass(frozen=True, slots=True)
class RxBuffer:
    request: int
    address: int
    length: int


def take_buffer(queue: SubmissionQueue, host: Host) -> RxBuffer:
    length, _, _, request, _, low, high, _ = RX_DESCRIPTOR.unpack(queue.take(host))
    return RxBuffer(request, low | high << 32, length or 0x10000)


@dataclass(frozen=True, slots=True)
class RxVerdict:
    """`status`: the parse and checksum bits of ena_eth_io_rx_cdesc_base."""

    status: int
    hash: int


def take_buffers(queue: SubmissionQueue, host: Host, length: int, most: int) -> list[RxBuffer]:
    """Takes buffers for a frame, using `most` bytes of each; takes none when there is too little room."""
    start, buffers = queue.head, list[RxBuffer]()
    while length > 0:
        if not queue.waiting:
            queue.head = start
            return []
        buffer = take_buffer(queue, host)
        buffers.append(replace(buffer, length=min(buffer.length, most, length)))
        length -= buffers[-1].length
    return buffers


def fill(
    queue: SubmissionQueue, host: Host, buffers: list[RxBuffer], frame: bytes, verdict: RxVerdict
) -> None:
    """Write a frame into its buffers, and complete each buffer."""
    offset = 0
    for place, buffer in enumerate(buffers):
        part = frame[offset : offset + buffer.length]
        offset += len(part)
        host.memory.write(buffer.address, part)
        status = verdict.status | queue.completion.phase << 24 | 1 << 30
        status |= (place == 0) << 26 | (place == len(buffers) - 1) << 27
        entry = RX_COMPLETION.pack(status, len(part), buffer.request, verdict.hash, queue.index, 0, 0)
        queue.completion.post(host, entry.ljust(queue.completion.entry_length, b"\0"))


@dataclass(slots=True)
class Queues:
    """All I/O queues that the driver has created."""

    completion: dict[int, CompletionQueue] = field(default_factory=dict)
    submission: dict[int, SubmissionQueue] = field(default_factory=dict)
    """By index; a doorbell's place follows from it."""
    armed: set[int] = field(default_factory=set)
    """Vectors that the driver has unmasked, through any one of the completion queues that share it."""
    due: set[int] = field(default_factory=set)
    """Vectors with completions that were not yet signalled."""

    def clear(self) -> None:
        self.completion.clear()
        self.submission.clear()
        self.armed.clear()
        self.due.clear()

    def signal(self, queue: CompletionQueue, host: Host) -> None:
        """One interrupt for everything posted; the vector stays masked until the driver has looked."""
        if queue.has_interrupts:
            self.due.add(queue.vector)
            self._raise(queue.vector, host)

    def unmask(self, queue: CompletionQueue, host: Host) -> None:
        self.armed.add(queue.vector)
        self._raise(queue.vector, host)

    def _raise(self, vector: int, host: Host) -> None:
        if vector in self.armed & self.due:
            self.armed.discard(vector)
            self.due.discard(vector)
            host.interrupts.raise_interrupt(vector)

    def receivers(self) -> list[SubmissionQueue]:
        return [queue for queue in self.submission.values() if queue.direction == RX]
