"""Interrupt causes, masks and vectors: 82599 datasheet 7.3, the extended registers and MSI-X mode."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.ixgbe import registers as r

QUEUE_CAUSES = 0x0000FFFF
OTHER_CAUSES = 0x7FFF0000
VALID = 0x80
VECTOR = 0x3F
ALL_VECTORS = (1 << 64) - 1


@dataclass
class Interrupts:
    """Causes are held in two sets: one bit per queue vector, and EICR's bits from 16 up."""

    raise_vector: Callable[[int], None]
    vectors: int = 0
    others: int = 0
    vector_mask: int = 0
    other_mask: int = 0
    auto_clear: int = 0
    auto_mask: int = 0
    mode: int = 0
    """GPIE."""
    table: dict[int, int] = field(default_factory=dict)
    """IVAR registers, by address."""

    def queue(self, queue: int, *, is_tx: bool) -> None:
        """A queue has written back descriptors."""
        word = self.table.get(r.IVAR + 4 * (queue >> 1), 0)
        entry = word >> (16 * (queue & 1) + 8 * is_tx) & 0xFF
        if entry & VALID:
            self.vectors |= 1 << (entry & VECTOR)
            self._fire()

    def other(self, cause: int) -> None:
        self.others |= cause
        self._fire()

    def _fire(self) -> None:
        if not self.mode & r.GPIE_MSIX:
            if self.vectors & self.vector_mask & QUEUE_CAUSES or self.others & self.other_mask:
                self.raise_vector(0)
            return
        due = self.vectors & self.vector_mask
        # EIAC holds bits for the first sixteen vectors; those above clear by themselves.
        self.vectors &= ~(due & (self.auto_clear | ~QUEUE_CAUSES))
        if self.mode & r.GPIE_AUTO_MASK:
            self.vector_mask &= ~(due & self.auto_mask)
        for vector in range(due.bit_length()):
            if due >> vector & 1:
                self.raise_vector(vector)
        entry = self.table.get(r.IVAR_MISC, 0) >> 8 & 0xFF
        if self.others & self.other_mask and entry & VALID:
            self.raise_vector(entry & VECTOR)

    # ---- registers ----

    def read(self, address: int) -> int | None:
        """None: not one of these registers."""
        if address == r.EICR:
            causes = self.others | self.vectors & QUEUE_CAUSES
            self.others = 0
            if not self.mode & r.GPIE_OTHER_CLEAR_DISABLE:
                self.vectors &= ~QUEUE_CAUSES
            return causes
        if address == r.EICS:
            return self.others | self.vectors & QUEUE_CAUSES
        if address == r.EIMS:
            return self.other_mask | self.vector_mask & QUEUE_CAUSES
        if address in (r.EIMS_EX, r.EIMS_EX + 4):
            return self.vector_mask >> 8 * (address - r.EIMS_EX) & 0xFFFFFFFF
        if address == r.GPIE:
            return self.mode
        return self.table.get(address, 0) if is_table(address) else None

    def write(self, address: int, value: int) -> bool:
        """Whether the register is one of these."""
        if is_table(address):
            self.table[address] = value
        elif address == r.EICR:
            self.others &= ~value
            self.vectors &= ~(value & QUEUE_CAUSES)
        elif address == r.EICS:
            self.vectors |= value & QUEUE_CAUSES
            self.others |= value & OTHER_CAUSES
            self._fire()
        elif address == r.EIMS:
            self.other_mask |= value & OTHER_CAUSES
            self._unmask(value & QUEUE_CAUSES)
        elif address == r.EIMC:
            self.other_mask &= ~value
            self.vector_mask &= ~(value & QUEUE_CAUSES)
        elif address == r.EIAC:
            self.auto_clear = value & QUEUE_CAUSES
        elif address == r.EIAM:
            self.auto_mask = self.auto_mask & ~QUEUE_CAUSES | value & QUEUE_CAUSES
        elif address == r.GPIE:
            self.mode = value
        else:
            return self._write_extended(address, value)
        return True

    def _write_extended(self, address: int, value: int) -> bool:
        for base in (r.EICS_EX, r.EIMS_EX, r.EIMC_EX, r.EIAM_EX):
            if address in (base, base + 4):
                bits = value << 8 * (address - base)
                if base == r.EICS_EX:
                    self.vectors |= bits
                    self._fire()
                elif base == r.EIMS_EX:
                    self._unmask(bits)
                elif base == r.EIMC_EX:
                    self.vector_mask &= ~bits
                else:
                    kept = ALL_VECTORS & ~(0xFFFFFFFF << 8 * (address - base))
                    self.auto_mask = self.auto_mask & kept | bits
                return True
        return False

    def _unmask(self, vectors: int) -> None:
        self.vector_mask |= vectors
        self._fire()


def is_table(address: int) -> bool:
    return r.IVAR <= address < r.IVAR + 4 * 64 or address == r.IVAR_MISC
