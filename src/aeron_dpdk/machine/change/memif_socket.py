"""The socket file that a memif server was given: DPDK makes none where a killed server left one.

DPDK says of it only that the port does not exist. Abstract sockets, memif's default, leave no file. Nobody
is asked by connecting: a client that says nothing makes DPDK's memif server panic.
"""

import stat
from collections.abc import Iterable
from pathlib import Path

from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.facts.presence import virtual_devices
from aeron_dpdk.machine.tree import Tree

_LISTENS = 1 << 16  # __SO_ACCEPTCON of linux/net.h, among the flags in /proc/net/unix


def clear_memif_sockets(eal_arguments: Iterable[str], tree: Tree) -> None:
    """Removes the files of servers that are gone. Raises SettingConflictError where a server of this network
    namespace listens, or where something else than a socket stands."""
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
    """proc(5): number, reference count, protocol, flags, type, state, inode, path."""
    rows = (line.split(maxsplit=7) for line in tree.lines("/proc/net/unix")[1:])
    return any(len(row) == 8 and row[7] == str(path) and int(row[3], 16) & _LISTENS for row in rows)
