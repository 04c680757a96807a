"""Who may change a program that shall run as root."""

import stat
from collections.abc import Iterable
from pathlib import PurePosixPath

from aeron_dpdk.machine.tree import Permissions, Tree

# Groups below are the system's own: Debian's staff may write to /usr/local.
FIRST_ORDINARY_GROUP = 1000


def changeable_part(tree: Tree, names: Iterable[str]) -> str | None:
    """The first of these files, or of the folders above one, that somebody else than root may replace."""
    for name in names:
        path = PurePosixPath(name)
        for part in (path, *path.parents):
            found = tree.permissions(str(part))
            if found is not None and _is_changeable(found):
                return str(part)
    return None


def _is_changeable(found: Permissions) -> bool:
    """In a sticky folder, such as /tmp, everybody may only replace what is theirs."""
    by_group = found.mode & stat.S_IWGRP and found.gid >= FIRST_ORDINARY_GROUP
    by_all = found.mode & stat.S_IWOTH
    return found.uid != 0 or (bool(by_group or by_all) and not found.mode & stat.S_ISVTX)
