"""Users and groups by name or number: from the tree's own files, on our own host from its name service
too."""

import grp
import os
import pwd
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.machine.tree import Tree


@dataclass(frozen=True, slots=True)
class Account:
    """`gids` has `gid` and the supplementary groups."""

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
