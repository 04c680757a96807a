"""The guest's memory as the device sees it: I/O addresses, each range being part of a shared file."""

import bisect
import mmap
import os
from dataclasses import dataclass


class DmaFault(Exception):
    """The device was told to access an address that is not mapped: a bug in a driver, or in the model."""


@dataclass(frozen=True, slots=True)
class Mapping:
    start: int
    length: int
    view: memoryview
    """Exactly the mapped part of the file."""


class GuestMemory:
    """QEMU maps and unmaps; a model reads and writes.

    With an IOMMU in the guest there are thousands of small ranges of the same file, so a file is mapped once.
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._mappings: dict[int, Mapping] = {}
        self._files: dict[tuple[int, int], mmap.mmap] = {}

    def map(self, start: int, length: int, descriptor: int, file_offset: int) -> None:
        """Add a range; `descriptor` may be closed afterwards."""
        whole = memoryview(self._file(descriptor))
        self.unmap(start, length)
        bisect.insort(self._starts, start)
        self._mappings[start] = Mapping(start, length, whole[file_offset : file_offset + length])

    def unmap(self, start: int, length: int) -> None:
        """Remove every range that begins in this one: QEMU unmaps single mappings, or all of them at once."""
        first = bisect.bisect_left(self._starts, start)
        last = bisect.bisect_left(self._starts, start + length)
        for found in self._starts[first:last]:
            del self._mappings[found]
        del self._starts[first:last]

    def _file(self, descriptor: int) -> mmap.mmap:
        status = os.fstat(descriptor)
        identity = (status.st_dev, status.st_ino)
        if identity not in self._files:
            self._files[identity] = mmap.mmap(descriptor, status.st_size)
        return self._files[identity]

    def _parts(self, address: int, length: int) -> list[memoryview]:
        """The pieces of memory behind an I/O range, which may span several mappings."""
        parts = []
        while length > 0:
            place = bisect.bisect_right(self._starts, address) - 1
            found = self._mappings[self._starts[place]] if place >= 0 else None
            if found is None or address >= found.start + found.length:
                raise DmaFault(f"no memory at I/O address {address:#x}, {length} bytes wanted")
            offset = address - found.start
            part = found.view[offset : offset + length]
            parts.append(part)
            address += len(part)
            length -= len(part)
        return parts

    def read(self, address: int, length: int) -> bytes:
        return b"".join(self._parts(address, length))

    def write(self, address: int, data: bytes) -> None:
        for part in self._parts(address, len(data)):
            part[:] = data[: len(part)]
            data = data[len(part) :]
