"""Huge pages for a short time: what is missing is reserved, and given back when it is over."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


@contextmanager
def reserved_huge_pages(wanted: int, directory: Path = HUGE_PAGES) -> Iterator[bool]:
    """Yields whether `wanted` pages of 2 MiB are free; False where there are none and we may not reserve any.

    Gives back as many as it reserved, not the number it found: others may have reserved pages in between.
    """
    before = _read(directory / "nr_hugepages")
    missing = wanted - _read(directory / "free_hugepages")
    reserved = None
    try:
        if missing > 0:
            _write(directory, before + missing)
        # Fewer than asked for when memory is short or fragmented, none without the right to ask.
        reserved = _read(directory / "nr_hugepages") - before
        yield _read(directory / "free_hugepages") >= wanted
    finally:
        now = _read(directory / "nr_hugepages")
        _write(directory, before if reserved is None else now - reserved)


def _read(path: Path) -> int:
    """0 on a kernel without huge pages."""
    try:
        return int(path.read_text())
    except OSError:
        return 0


def _write(directory: Path, pages: int) -> None:
    """Does nothing when that is the number already, or when we may not: what is granted is read back."""
    if pages != _read(directory / "nr_hugepages"):
        with suppress(OSError):
            (directory / "nr_hugepages").write_text(f"{pages}\n")
