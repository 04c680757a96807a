"""Whose Aeron directory is it? A live driver's is an error; a crashed one's must not stop the next start.

Aeron itself considers a driver alive until its heartbeat is driver.timeout (10 s) old, so a driver killed a
moment ago would block its successor. We check more: whether the process is gone and the heartbeat has
stopped.
"""

import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path

from aeron_dpdk.driver.aeron_settings import AeronSettings
from aeron_dpdk.errors import DirectoryError, DirectoryInUseError
from aeron_dpdk.errors.observe import CorruptFileError, NoDriverError
from aeron_dpdk.observe.cnc import CNC_FILE, Cnc, read_driver_sign, unfinished_by

# The conductor beats once per aeron.timer.interval, a second; another PID namespace hides its process from
# us.
HEARTBEAT_WATCH_S = 2.5


def is_left_by_crash(
    aeron: AeronSettings,
    epoch_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    sleep: Callable[[float], None] = time.sleep,
    proc: Path = Path("/proc"),
) -> bool:
    """True if Aeron would refuse the directory although its driver is dead, or would crash on what is in it.
    Raises DirectoryInUseError.

    With aeron.dir.delete.on.start Aeron does not check anything, and neither do we.
    """
    directory = Path(aeron.directory)
    if aeron.deletes_directory_on_start:
        return False
    if unfinished_by(directory) is not None:
        # Aeron would fail on an empty file, and wait driver.timeout for another one to be finished.
        sleep(HEARTBEAT_WATCH_S)
        return unfinished_by(directory) is not None
    before = read_driver_sign(directory)
    if before is None or epoch_ms() - before.heartbeat_ms > aeron.driver_timeout_ms:
        return _is_corrupt(directory)
    # In a new PID namespace the dead driver may well have had the same number as we have.
    if before.pid != os.getpid() and (proc / str(before.pid)).exists():
        raise DirectoryInUseError(aeron.directory, f"process {before.pid}")
    sleep(HEARTBEAT_WATCH_S)
    if read_driver_sign(directory) != before:
        raise DirectoryInUseError(aeron.directory, "in another PID namespace: its heartbeat goes on")
    return True


def _is_corrupt(directory: Path) -> bool:
    """Aeron reads the errors that the last driver left, and trusts every length that it finds there."""
    try:
        with Cnc(directory, timeout_ms=0) as cnc:
            cnc.facts()
            cnc.errors()
    except CorruptFileError:
        return True
    except NoDriverError:
        return False  # no file, or one of another version, which Aeron refuses in a sentence
    return False


def refuse_unwritable(directory: str) -> None:
    """Call it as the user that we have become. Raises DirectoryError if Aeron could not create its files, or
    if somebody else could have prepared what it opens: a FIFO called cnc.dat would block it for ever."""
    _refuse_prepared(directory)
    place = Path(directory)
    while not os.access(place, os.F_OK, effective_ids=True) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise DirectoryError(directory, f"{place} is not a directory", _ourselves())
    if not os.access(place, os.W_OK | os.X_OK, effective_ids=True):
        raise DirectoryError(directory, f"no permission to write in {place}", _ourselves())


def _refuse_prepared(directory: str) -> None:
    for place, is_kind in ((Path(directory), stat.S_ISDIR), (Path(directory, CNC_FILE), stat.S_ISREG)):
        try:
            # An administrator may have put a link there, to move the directory.
            found = place.stat(follow_symlinks=is_kind is stat.S_ISDIR)
        except OSError:
            return
        if not is_kind(found.st_mode):
            kind = "directory" if is_kind is stat.S_ISDIR else "regular file"
            raise DirectoryError(directory, f"{place} is not a {kind}", _ourselves())
        if found.st_uid not in (os.geteuid(), 0):
            raise DirectoryError(directory, f"{place} belongs to user {found.st_uid}", _ourselves())


def remove_unfinished(directory: str) -> None:
    """For a start of ours that failed. What cannot be removed is left to the next start."""
    if unfinished_by(Path(directory)) == os.getpid():
        shutil.rmtree(directory, ignore_errors=True)


def _ourselves() -> str:
    return f"user {os.geteuid()}"
