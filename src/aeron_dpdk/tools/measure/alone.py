"""One measurement at a time: two at once would share cores, huge pages and ports, and be worthless."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# An abstract address (unix(7)): the kernel frees it when the process ends, however it ends.
LOCK_ADDRESS = "\0aeron-dpdk-measuring"
POLL_PERIOD_S = 0.5


@contextmanager
def measuring_alone(on_wait: Callable[[], None], address: str = LOCK_ADDRESS) -> Iterator[None]:
    """Waits until no other measurement runs; calls `on_wait` once if it has to."""
    with socket.socket(socket.AF_UNIX) as lock:
        if not _bound(lock, address):
            on_wait()
            while not _bound(lock, address):
                time.sleep(POLL_PERIOD_S)
        yield


def _bound(lock: socket.socket, address: str) -> bool:
    try:
        lock.bind(address)
    except OSError:
        return False
    return True
