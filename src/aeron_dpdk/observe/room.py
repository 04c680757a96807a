"""Whether the disk behind an Aeron directory still has what the log buffers there may grow by."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

FOLDERS = (".", "publications", "images")  # AERON_PUBLICATIONS_DIR and AERON_IMAGES_DIR
_BLOCK = 512  # of st_blocks, stat(2)
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Room:
    free_bytes: int
    promised_bytes: int
    """What sparse files have not taken yet, and take when somebody writes there: as
    native/transport/storage.c counts it."""

    @property
    def problem(self) -> str | None:
        if self.promised_bytes <= self.free_bytes:
            return None
        return (
            f"the Aeron directory's disk has {self.free_bytes // _MIB} MiB left, and log buffers may still "
            f"grow by {self.promised_bytes // _MIB} MiB: make room, or driver and clients end with SIGBUS"
        )


def room_in(aeron_dir: Path) -> Room:
    """Raises OSError where the directory cannot be looked at."""
    disk = os.statvfs(aeron_dir)
    promised = sum(max(0, each.st_size - each.st_blocks * _BLOCK) for each in _files_of(aeron_dir))
    return Room(disk.f_bavail * disk.f_frsize, promised)


def _files_of(aeron_dir: Path) -> Iterator[os.stat_result]:
    """Files that are deleted meanwhile count as nothing."""
    for folder in FOLDERS:
        with suppress(FileNotFoundError), os.scandir(aeron_dir / folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if S_ISREG(status.st_mode):
                        yield status
