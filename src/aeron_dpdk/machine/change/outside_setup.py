"""What is changed without setup.

For a measurement, missing huge pages are reserved, and given back when it is over. Before a driver starts,
the socket file of a memif server is removed if a killed server left it: DPDK makes no new one there, and says
only that the port does not exist. (Abstract sockets, memif's default, leave no file.) We do not connect to
find out: a client that says nothing makes DPDK's memif server panic.
"""

import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.facts.port_device import virtual_devices
from aeron_dpdk.machine.tree import Tree

HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB")


@contextmanager
def reserved_huge_pages(wanted: int, directory: Path = HUGE_PAGES) -> Iterator[bool]:
    """Yields whether `wanted` pages of 2 MiB are free; False if they are not, and we may not reserve them.

    Frees as many as it reserved, instead of restoring the earlier number: others may have reserved pages
    meanwhile.
    """
    before = _read(directory / "nr_hugepages")
    missing = wanted - _read(directory / "free_hugepages")
    reserved = None
    try:
        if missing > 0:
            _write(directory, before + missing)
        # The kernel may grant fewer, if memory is short or fragmented; none if we may not ask.
        reserved = _read(directory / "nr_hugepages") - before
        yield _read(directory / "free_hugepages") >= wanted
    finally:
        now = _read(directory / "nr_hugepages")
        _write(directory, before if reserved is None else now - reserved)


def _read(path: Path) -> int:
    """Returns 0 on a kernel without huge pages."""
    try:
        return int(path.read_text())
    except OSError:
        return 0


def _write(directory: Path, pages: int) -> None:
    """Does nothing if that is the number already, or if we may not; callers read back what was granted."""
    if pages != _read(directory / "nr_hugepages"):
        with suppress(OSError):
            (directory / "nr_hugepages").write_text(f"{pages}\n")


_LISTENS = 1 << 16  # __SO_ACCEPTCON of linux/net.h, among the flags in /proc/net/unix


def clear_memif_sockets(eal_arguments: Iterable[str], tree: Tree) -> None:
    """Removes the files of servers that are gone. Raises SettingConflictError if a server of this network
    namespace listens there, or if the file is not a socket."""
    for device, given in virtual_devices(eal_arguments):
        is_server = device.startswith("net_memif") and given.get("role") in ("server", "master")
        if is_server and "socket" in given and given.get("socket-abstract") == "no":
            _clear(Path(given["socket"]), tree)


def _clear(path: Path, tree: Tree) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    remedy = "give the memif server another socket= in --vdev"
    if not stat.S_ISSOCK(mode):
        raise SettingConflictError(f"{path}, which --vdev names for memif, is no socket", remedy)
    if _is_listened_on(path, tree):
        raise SettingConflictError(f"another memif server listens on {path}", remedy)
    path.unlink()


def _is_listened_on(path: Path, tree: Tree) -> bool:
    """Columns in proc(5): number, reference count, protocol, flags, type, state, inode, path."""
    rows = (line.split(maxsplit=7) for line in tree.lines("/proc/net/unix")[1:])
    return any(len(row) == 8 and row[7] == str(path) and int(row[3], 16) & _LISTENS for row in rows)
