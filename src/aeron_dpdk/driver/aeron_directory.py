"""Whose Aeron directory is it? A live driver's is an error; a crashed one's must not stop the next start.

Aeron itself takes a driver for alive until its heartbeat is driver.timeout (10 s) old, so a driver killed a
moment ago would block its successor. We look closer: the process is gone and the heartbeat stands still.
"""

import os
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.driver.aeron_settings import AeronSettings
from aeron_dpdk.errors import DirectoryError, DirectoryInUseError

# aeron_cnc_file_descriptor.h, packed to 4: version, five buffer lengths, client liveness, start, pid, page
# size.
_METADATA = struct.Struct("<6i3qi")
_METADATA_LENGTH = 128  # AERON_CNC_VERSION_AND_META_DATA_LENGTH
_TRAILER_LENGTH = 768  # aeron_rb_descriptor_t at the end of the to-driver buffer
_HEARTBEAT_OFFSET = 640  # in the trailer: aeron_rb_descriptor_t.consumer_heartbeat
_HEARTBEAT = struct.Struct("<q")

# The conductor beats once per aeron.timer.interval, a second; another PID namespace hides its process from
# us.
HEARTBEAT_WATCH_S = 2.5


@dataclass(frozen=True, slots=True)
class DriverSign:
    """What a driver leaves in cnc.dat: its process id in its own namespace, its last heartbeat (epoch ms)."""

    pid: int
    heartbeat_ms: int


def read_driver_sign(directory: Path) -> DriverSign | None:
    """None where there is no cnc.dat, or one that is not finished or not for us to read: Aeron judges
    those."""
    try:
        with (directory / "cnc.dat").open("rb") as cnc:
            version, to_driver_length, *_, pid, _ = _METADATA.unpack(cnc.read(_METADATA.size))
            cnc.seek(_METADATA_LENGTH + to_driver_length - _TRAILER_LENGTH + _HEARTBEAT_OFFSET)
            (heartbeat_ms,) = _HEARTBEAT.unpack(cnc.read(_HEARTBEAT.size))
    except (OSError, struct.error):
        return None
    return DriverSign(pid, heartbeat_ms) if version != 0 else None


def is_left_by_crash(
    aeron: AeronSettings,
    epoch_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    sleep: Callable[[float], None] = time.sleep,
    proc: Path = Path("/proc"),
) -> bool:
    """True where Aeron would refuse the directory although its driver is dead. Raises DirectoryInUseError.

    With aeron.dir.delete.on.start Aeron asks nobody, and neither do we.
    """
    directory = Path(aeron.directory)
    before = None if aeron.deletes_directory_on_start else read_driver_sign(directory)
    if before is None or epoch_ms() - before.heartbeat_ms > aeron.driver_timeout_ms:
        return False
    # In a fresh PID namespace the dead driver and we may well have the same number.
    if before.pid != os.getpid() and (proc / str(before.pid)).exists():
        raise DirectoryInUseError(aeron.directory, f"process {before.pid}")
    sleep(HEARTBEAT_WATCH_S)
    if read_driver_sign(directory) != before:
        raise DirectoryInUseError(aeron.directory, "in another PID namespace: its heartbeat goes on")
    return True


def refuse_unwritable(directory: str) -> None:
    """As the user we have become. Raises DirectoryError where Aeron could not make its files."""
    place = Path(directory)
    while not os.access(place, os.F_OK, effective_ids=True) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise DirectoryError(directory, f"{place} is not a directory", _ourselves())
    if not os.access(place, os.W_OK | os.X_OK, effective_ids=True):
        raise DirectoryError(directory, f"no permission to write in {place}", _ourselves())


def _ourselves() -> str:
    return f"user {os.geteuid()}"
