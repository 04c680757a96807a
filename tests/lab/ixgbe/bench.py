"""A host for the model without a guest: memory in a dictionary of pages, interrupts and frames in lists."""

import struct
from dataclasses import dataclass, field

from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.nic import Nic

MAC = bytes.fromhex("02ad00000901")
PEER = bytes.fromhex("02ad00000902")
RING, BUFFERS = 0x10000, 0x100000
BUFFER = 2048


@dataclass
class FakeBus:
    """`bus.Bus`. Memory is one block from address 0."""

    memory: bytearray = field(default_factory=lambda: bytearray(4 << 20))
    vectors: list[int] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def read(self, address: int, length: int) -> bytes:
        return bytes(self.memory[address : address + length])

    def write(self, address: int, data: bytes) -> None:
        self.memory[address : address + len(data)] = data

    def interrupt(self, vector: int) -> None:
        self.vectors.append(vector)

    def transmit(self, frame: bytes) -> None:
        self.sent.append(frame)


@dataclass
class Bench:
    """The model and a minimal driver."""

    bus: FakeBus = field(default_factory=FakeBus)
    nic: Nic = field(init=False)

    def __post_init__(self) -> None:
        self.nic = Nic(self.bus, MAC)

    def set(self, address: int, value: int) -> None:
        self.nic.write(address, value)

    def open_rx(self, queue: int, entries: int = 8, *, kibibytes: int = 2, drop: bool = False) -> None:
        """A ring of which the device owns every buffer but one."""
        ring = RING + 0x1000 * queue
        for index in range(entries):
            self.bus.write(ring + 16 * index, struct.pack("<QQ", self.buffer(queue, index), 0))
        self.set(r.rx(queue, r.BASE_LOW), ring)
        self.set(r.rx(queue, r.LENGTH), 16 * entries)
        self.set(r.srrctl(queue), r.SRRCTL_ADVANCED | kibibytes | (r.SRRCTL_DROP if drop else 0))
        self.set(r.rx(queue, r.CONTROL), r.QUEUE_ENABLE)
        self.set(r.rx(queue, r.TAIL), entries - 1)
        self.set(r.RXCTRL, r.RXCTRL_ENABLE)

    def buffer(self, queue: int, index: int) -> int:
        return BUFFERS + 0x40000 * queue + BUFFER * index

    def received(self, queue: int, index: int) -> tuple[bytes, int]:
        """A buffer's contents and its descriptor's status."""
        status, length = struct.unpack_from("<IH", self.bus.read(RING + 0x1000 * queue + 16 * index, 16), 8)
        return self.bus.read(self.buffer(queue, index), length), status

    def open_tx(self, queue: int = 0, entries: int = 64) -> None:
        self.set(r.DMATXCTL, r.DMATXCTL_ENABLE)
        self.set(r.tx(queue, r.BASE_LOW), RING)
        self.set(r.tx(queue, r.LENGTH), 16 * entries)
        self.set(r.tx(queue, r.CONTROL), r.QUEUE_ENABLE)

    def transmit(self, *descriptors: tuple[int, int, int]) -> None:
        """From the beginning of queue 0's ring: (address, command, status), as 64 and twice 32 bits."""
        for index, (address, command, status) in enumerate(descriptors):
            self.bus.write(RING + 16 * index, struct.pack("<QII", address, command, status))
        self.set(r.tx(0, r.TAIL), len(descriptors))
