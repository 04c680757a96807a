"""Users and groups by name or number, from the tree's own files, and on our own host from its name service
too; and who may change a program that is to run as root.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aeron_dpdk.machine.tree import Permissions, Tree


@dataclass(frozen=True, slots=True)
class Account:
    """`gids` are `gid` and the supplementary groups."""

    name: str
    uid: int
    gid: int
    gids: frozenset[int]


def read_account(tree: Tree, user: str) -> Account | None:
    for name, _, uid, gid, *_ in _entries(tree, "/etc/passwd"):
        if user in (name, uid):
            return Account(name, int(uid), int(gid), frozenset({int(gid), *_gids_of(tree, name)}))
    if tree.root != Path("/"):
        return None
    try:
        entry = pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except KeyError:
        return None
    gids = frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, gids)


def read_group_id(tree: Tree, group: str) -> int | None:
    for name, _, gid, *_ in _entries(tree, "/etc/group"):
        if group in (name, gid):
            return int(gid)
    if group.isdecimal():
        return int(group)
    if tree.root != Path("/"):
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _gids_of(tree: Tree, user: str) -> list[int]:
    rows = _entries(tree, "/etc/group")
    return [int(gid) for _, _, gid, members, *_ in rows if user in members.split(",")]


def _entries(tree: Tree, name: str) -> Iterator[list[str]]:
    """Without blank lines, comments, and the + and - lines of nsswitch.conf(5)'s compatibility mode."""
    for line in tree.lines(name):
        fields = line.split(":")
        if len(fields) >= 4 and fields[2].isdecimal() and not line.startswith(("+", "-", "#")):
            yield fields


# Lower ones are the system's own groups; Debian's group staff may write to /usr/local.
FIRST_ORDINARY_GROUP = 1000


def changeable_part(tree: Tree, names: Iterable[str]) -> str | None:
    """The first of these files, or of the folders above them, that somebody other than root may replace."""
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
