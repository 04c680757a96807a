"""A part of a file that another program writes, perhaps while we read it, and perhaps with intent to harm us.

It is read, not mapped: if a mapped file is truncated, its readers die of SIGBUS, and wrong lengths in it
would lead a reader in C beyond its end. Only regular files are opened: opening a FIFO could wait for a writer
for ever.
"""

import errno
import os
import stat
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aeron_dpdk.errors.observe import CorruptFileError
from aeron_dpdk.visible import visible, visible_line

CHUNK_LENGTH = 16 * 1024
MAX_TEXT_LENGTH = (
    1 << 20
)  # texts of Aeron's C driver have at most 8 KiB, but a Java driver writes stack traces


@dataclass(slots=True)
class Section:
    """`length` bytes of an open file called `name`, from `start` on. Make a new one for each pass over it: it
    keeps what it has read, and does not read it again."""

    descriptor: int
    name: str
    start: int
    length: int
    _chunk: bytes = field(default=b"", init=False)
    _chunk_at: int = field(default=0, init=False)

    def has(self, at: int, length: int) -> bool:
        return 0 <= at <= self.length - length

    def bytes_at(self, at: int, length: int) -> bytes:
        """Raises CorruptFileError if the section or the file ends before that."""
        if not self.has(at, length):
            raise self.corrupt(at, f"{length} bytes reach beyond the end of {self.length}")
        if not self._chunk_at <= at <= at + length <= self._chunk_at + len(self._chunk):
            wanted = min(max(length, CHUNK_LENGTH), self.length - at)
            self._chunk, self._chunk_at = os.pread(self.descriptor, wanted, self.start + at), at
        first = at - self._chunk_at
        found = self._chunk[first : first + length]
        if len(found) < length:
            raise self.corrupt(at, "the file has been cut short")
        return found

    def unpack(self, layout: struct.Struct, at: int) -> tuple[int, ...]:
        """Raises CorruptFileError, as do line() and lines()."""
        return layout.unpack(self.bytes_at(at, layout.size))

    def line(self, at: int, length: int) -> str:
        return visible_line(self._text(at, length))

    def lines(self, at: int, length: int) -> str:
        return visible(self._text(at, length))

    def _text(self, at: int, length: int) -> str:
        if not 0 <= length <= MAX_TEXT_LENGTH:
            raise self.corrupt(at, f"a text of {length} bytes")
        return self.bytes_at(at, length).decode(errors="replace")

    def corrupt(self, at: int, reason: str) -> CorruptFileError:
        return CorruptFileError(self.name, self.start + at, reason)


def open_regular(path: Path) -> BinaryIO:
    """Opens it for reading. Raises OSError, also if it is not a regular file, or is a symbolic link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")
