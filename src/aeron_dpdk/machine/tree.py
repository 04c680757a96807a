"""A host's files below a root: the machine we run on, or the recorded tree of another."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Permissions:
    """`mode` has only the permission bits, as chmod takes them."""

    uid: int
    gid: int
    mode: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid} {self.mode:04o}"

    def allow_write(self, uid: int, gids: frozenset[int]) -> bool:
        """Whether that user may read and write. As in the kernel, the first class that fits decides: owner,
        group, others."""
        if uid == 0:
            return True
        shift = 6 if uid == self.uid else 3 if self.gid in gids else 0
        return (self.mode >> shift) & 0o6 == 0o6


class Tree:
    """Names are absolute paths of the host. If something is absent, or we may not read it, the result is None
    or empty."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def data(self, name: str) -> bytes | None:
        try:
            return self.path(name).read_bytes()
        except OSError:
            return None

    def text(self, name: str) -> str | None:
        """Without leading and trailing white space."""
        data = self.data(name)
        return None if data is None else data.decode(errors="replace").strip()

    def number(self, name: str) -> int | None:
        """Decimal, or hexadecimal with 0x in front."""
        try:
            return int(self.text(name) or "", 0)
        except ValueError:
            return None

    def lines(self, name: str) -> list[str]:
        return (self.text(name) or "").splitlines()

    def names(self, directory: str) -> tuple[str, ...]:
        try:
            return tuple(sorted(os.listdir(self.path(directory))))
        except OSError:
            return ()

    def link_name(self, name: str) -> str | None:
        """The last part of a link's target, which in sysfs is the name of the thing."""
        try:
            return os.path.basename(os.readlink(self.path(name)))
        except OSError:
            return None

    def exists(self, name: str) -> bool:
        return os.path.lexists(self.path(name))

    def permissions(self, name: str) -> Permissions | None:
        try:
            found = self.path(name).stat()
        except OSError:
            return None
        return Permissions(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))
