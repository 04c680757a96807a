"""Counters that are cleared by reading: 82599 datasheet 8.2.3.23. Counters that do not matter here read as
zero."""

from collections import Counter
from collections.abc import Mapping

from tests.lab.ixgbe import registers as r

CHECKSUM_ERRORS, MISSED = 0x04120, 0x03FA0
TOO_LONG, TOO_SHORT = 0x040AC, 0x040A4
RX_SIZES, TX_SIZES = 0x0405C, 0x040D8
"""Six counters each: up to 64, 127, 255, 511, 1,023 bytes, and longer."""
RX_GOOD, RX_BROADCAST, RX_MULTICAST = 0x04074, 0x04078, 0x0407C
TX_GOOD, TX_MULTICAST, TX_BROADCAST = 0x04080, 0x040F0, 0x040F4
RX_BYTES, TX_BYTES, RX_TOTAL_BYTES = 0x04088, 0x04090, 0x040C0
RX_TOTAL, TX_TOTAL = 0x040D0, 0x040D4
RX_DMA_PACKETS = 0x02F50
RX_DMA_BYTES = 0x02F54
QUEUE_RX, QUEUE_TX = 0x01030, 0x06030
QUEUE_RX_BYTES, QUEUE_TX_BYTES = 0x01034, 0x08700
QUEUE_DROPPED = 0x01430

WIDE = {RX_BYTES, TX_BYTES, RX_TOTAL_BYTES, RX_DMA_BYTES}
"""36 bits: the upper part is in the next register, whose reading clears both."""
CRC = 4

PLAIN = {
    CHECKSUM_ERRORS,
    MISSED,
    TOO_LONG,
    TOO_SHORT,
    *range(RX_SIZES, RX_SIZES + 24, 4),
    *range(TX_SIZES, TX_SIZES + 24, 4),
    *(RX_GOOD, RX_BROADCAST, RX_MULTICAST, TX_GOOD, TX_MULTICAST, TX_BROADCAST),
    *(RX_TOTAL, TX_TOTAL, RX_DMA_PACKETS, r.FDIRMATCH, r.FDIRMISS),
}


def size_class(length: int) -> int:
    return next((index for index, most in enumerate((64, 127, 255, 511, 1023)) if length <= most), 5)


class Statistics:
    """Lengths are as on the wire: with the CRC."""

    def __init__(self, mapping: Mapping[int, int]) -> None:
        self._counts: Counter[int] = Counter()
        self._mapping = mapping
        """RQSMR and TQSMR among others: which of sixteen counters a queue adds to."""
        self._queues = {
            address
            for index in range(r.STATISTICS_QUEUES)
            for base, stride in ((QUEUE_RX, 0x40), (QUEUE_TX, 0x40), (QUEUE_DROPPED, 0x40))
            for address in (base + stride * index,)
        }
        self._wide = WIDE | {QUEUE_RX_BYTES + 0x40 * index for index in range(r.STATISTICS_QUEUES)}
        self._wide |= {QUEUE_TX_BYTES + 8 * index for index in range(r.STATISTICS_QUEUES)}

    def reset(self) -> None:
        self._counts.clear()

    def add(self, counter: int, by: int = 1) -> None:
        self._counts[counter] += by

    def received(self, frame: bytes) -> None:
        """A good frame that passed the filters."""
        length = max(len(frame), 60) + CRC
        self.add(RX_GOOD)
        self.add(RX_BYTES, length)
        self.add(RX_SIZES + 4 * size_class(length))
        if frame[0] & 1:
            self.add(RX_BROADCAST if frame[:6] == b"\xff" * 6 else RX_MULTICAST)

    def on_the_wire(self, frame: bytes) -> None:
        """Any frame, whether received or dropped."""
        self.add(RX_TOTAL)
        self.add(RX_TOTAL_BYTES, max(len(frame), 60) + CRC)

    def delivered(self, queue: int, frame: bytes) -> None:
        index = self._index(r.RQSMR, queue)
        self.add(RX_DMA_PACKETS)
        self.add(RX_DMA_BYTES, len(frame) + CRC)
        self.add(QUEUE_RX + 0x40 * index)
        self.add(QUEUE_RX_BYTES + 0x40 * index, len(frame))

    def dropped(self, queue: int) -> None:
        self.add(QUEUE_DROPPED + 0x40 * self._index(r.RQSMR, queue))

    def sent(self, queue: int, frame: bytes) -> None:
        length = len(frame) + CRC
        index = self._index(r.TQSMR, queue)
        self.add(TX_GOOD)
        self.add(TX_TOTAL)
        self.add(TX_BYTES, length)
        self.add(TX_SIZES + 4 * size_class(length))
        if frame[0] & 1:
            self.add(TX_BROADCAST if frame[:6] == b"\xff" * 6 else TX_MULTICAST)
        self.add(QUEUE_TX + 0x40 * index)
        self.add(QUEUE_TX_BYTES + 8 * index, len(frame))

    def _index(self, base: int, queue: int) -> int:
        return self._mapping.get(base + (queue & ~3), 0) >> 8 * (queue & 3) & 0xF

    def read(self, address: int) -> int | None:
        """None: not a counter."""
        if address in PLAIN or address in self._queues:
            return self._counts.pop(address, 0) & 0xFFFFFFFF
        if address in self._wide:
            return self._counts[address] & 0xFFFFFFFF
        if address - 4 in self._wide:
            return self._counts.pop(address - 4, 0) >> 32 & 0xF
        return None
