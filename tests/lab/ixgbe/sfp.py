"""The SFP+ module behind I2CCTL: an I2C slave whose two lines the driver toggles bit by bit (SFF-8472)."""

from dataclasses import dataclass, field
from enum import Enum, auto

CLOCK_IN, CLOCK_OUT, DATA_IN, DATA_OUT = 1 << 0, 1 << 1, 1 << 2, 1 << 3

IDENTITY = 0xA0
DIAGNOSTICS = 0xA2


def identity() -> bytes:
    """The A0h page of a 10GBASE-SR module."""
    page = bytearray(256)
    page[0:3] = 0x03, 0x04, 0x07  # SFP or SFP+, identified by this page alone, LC
    page[3] = 0x10  # 10GBASE-SR
    page[20:36] = b"LAB".ljust(16)
    page[37:40] = bytes.fromhex("001b21")  # Intel's OUI
    page[40:56] = b"SR MODEL".ljust(16)
    return bytes(page)


class State(Enum):
    IDLE = auto()
    ADDRESS = auto()
    OFFSET = auto()
    WRITE = auto()
    READ = auto()


@dataclass
class Module:
    """Sees the lines after each write, and decides the state of the data line."""

    pages: dict[int, bytes] = field(default_factory=lambda: {IDENTITY: identity(), DIAGNOSTICS: bytes(256)})
    _clock: bool = True
    _data: bool = True
    _pulls_low: bool = False
    _state: State = State.IDLE
    _page: int = IDENTITY
    _offset: int = 0
    _bits: int = 0
    _byte: int = 0
    _acknowledges: bool = False

    def lines(self) -> int:
        """The lines as I2CCTL shows them."""
        data = self._data and not self._pulls_low
        outputs = (CLOCK_OUT if self._clock else 0) | (DATA_OUT if self._data else 0)
        return outputs | (CLOCK_IN if self._clock else 0) | (DATA_IN if data else 0)

    def drive(self, value: int) -> None:
        """A write of I2CCTL."""
        clock, data = bool(value & CLOCK_OUT), bool(value & DATA_OUT)
        if clock and self._clock and data != self._data:
            self._condition(is_start=not data)
        was, self._clock, self._data = self._clock, clock, data
        if clock and not was:
            self._sample(data)
        elif was and not clock:
            self._answer()

    def _condition(self, *, is_start: bool) -> None:
        self._state = State.ADDRESS if is_start else State.IDLE
        self._bits = self._byte = 0
        self._pulls_low = self._acknowledges = False

    def _sample(self, data: bool) -> None:
        """The rising edge: a bit from the driver, or its acknowledgement of a byte from the module."""
        if self._state is State.READ:
            if self._bits == 8 and data and not self._acknowledges:
                self._state = State.IDLE  # the driver wants no more bytes
        elif self._state is not State.IDLE and self._bits < 8:
            self._byte = self._byte << 1 | data
        self._bits += 1

    def _answer(self) -> None:
        """The falling edge: what to put on the line for the next clock."""
        self._pulls_low = False
        if self._state is State.IDLE:
            return
        if self._acknowledges and self._bits == 9:
            self._acknowledges, self._bits, self._byte = False, 0, 0
        elif self._state is not State.READ and self._bits == 8:
            self._pulls_low = self._acknowledges = self._take(self._byte)
            return
        if self._state is State.READ:
            if self._bits == 9:
                self._bits, self._offset = 0, (self._offset + 1) % 256
            if self._bits < 8:
                byte = self.pages[self._page][self._offset]
                self._pulls_low = not byte >> (7 - self._bits) & 1

    def _take(self, byte: int) -> bool:
        """Takes a whole byte from the driver; returns whether the module acknowledges it."""
        if self._state is State.ADDRESS:
            if byte & 0xFE not in self.pages:
                self._state = State.IDLE
                return False
            self._page = byte & 0xFE
            self._state = State.READ if byte & 1 else State.OFFSET
        elif self._state is State.OFFSET:
            self._offset = byte
            self._state = State.WRITE
        return True
