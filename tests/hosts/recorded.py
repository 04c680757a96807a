"""Recorded hosts, unpacked below a folder so that the product's own readers read them."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aeron_dpdk.machine.facts.interface import KernelInterface
from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.facts.saved_nic import interface_from
from aeron_dpdk.machine.tree import Permissions, Tree

HOSTS = Path(__file__).parent
NAMES = sorted(path.parent.name for path in HOSTS.glob("*/tree.txt"))
_HEAD = re.compile(
    r"(?P<path>/\S*?)(?P<directory>/)?(?: -> (?P<target>\S+))?(?: "
    r"\[(?P<permissions>[^]]+)\])?$"
)


class RecordedTree(Tree):
    """Permissions come from the record, since a test cannot make files of other users."""

    def __init__(self, root: Path, recorded: Mapping[str, Permissions]) -> None:
        super().__init__(root)
        self.recorded = dict(recorded)

    def permissions(self, name: str) -> Permissions | None:
        return self.recorded.get(name) or super().permissions(name)


def unpack(name: str, root: Path) -> RecordedTree:
    permissions = {}
    path = root
    for line in (HOSTS / name / "tree.txt").read_text().splitlines():
        head = _HEAD.match(line)
        if not line.startswith("/"):
            with path.open("a") as file:
                file.write(f"{line[4:]}\n".replace("%00", "\0"))
            continue
        assert head is not None, line
        path = root / head["path"].lstrip("/")
        make(path, head)
        if head["permissions"]:
            ids, mode = head["permissions"].split()
            uid, gid = map(int, ids.split(":"))
            permissions[head["path"]] = Permissions(uid, gid, int(mode, 8))
    return RecordedTree(root, permissions)


def make(path: Path, head: re.Match[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if head["target"]:
        path.symlink_to(head["target"])
    elif head["directory"]:
        path.mkdir(exist_ok=True)
    else:
        path.touch()


def network_of(name: str) -> dict[str, KernelInterface]:
    listing: list[dict[str, Any]] = json.loads((HOSTS / name / "network.json").read_text())
    interfaces = [interface_from(fields) for fields in listing]
    return {interface.name: interface for interface in interfaces}


def facts_of(name: str, root: Path) -> Facts:
    return read_facts(unpack(name, root), network_of(name))
