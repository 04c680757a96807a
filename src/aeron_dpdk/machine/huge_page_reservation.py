"""Huge pages for a short time: what is missing is reserved, and given back when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


@contextmanager
def reserved_huge_pages(wanted: int, directory: Path = HUGE_PAGES) -> Iterator[bool]:
    """Yields whether `wanted` pages of 2 MiB are free; False where there are none and we may not reserve any.

    Gives back as many as it reserved, not the number it found: others may have reserved pages in between.
    """
    reserved = _reserve(wanted, directory)
    try:
        yield _read(directory / "free_hugepages") >= wanted
    finally:
        if reserved > 0:
            _write(directory, _read(directory / "nr_hugepages") - reserved)


def _reserve(wanted: int, directory: Path) -> int:
    """How many pages were added: fewer than asked for when memory is fragmented, none without the right."""
    before, free = _read(directory / "nr_hugepages"), _read(directory / "free_hugepages")
    if free >= wanted:
        return 0
    try:
        _write(directory, before + wanted - free)
    except OSError:
        return 0
    return _read(directory / "nr_hugepages") - before


def _read(path: Path) -> int:
    """0 on a kernel without huge pages."""
    try:
        return int(path.read_text())
    except OSError:
        return 0


def _write(directory: Path, pages: int) -> None:
    (directory / "nr_hugepages").write_text(f"{pages}\n")
