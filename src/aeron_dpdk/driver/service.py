"""Tells systemd that the driver is ready, that its control loop runs, and that it stops; and by the exit
code, whether a restart can help. The protocol is that of sd_notify(3): datagrams to the socket in
NOTIFY_SOCKET.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from aeron_dpdk.control.rate import NEVER_NS, Every
from aeron_dpdk.exit_code import ExitCode

NANOSECONDS_PER_MICROSECOND = 1000

# With these, another start would fail in the same way; RestartPreventExitStatus of the unit has them.
PERMANENT_FAILURES = frozenset(
    {
        ExitCode.USAGE,
        ExitCode.SETTINGS,
        ExitCode.PRIVILEGES,
        ExitCode.DIRECTORY,
        ExitCode.SOCKET_BUFFERS,
        ExitCode.MTU,
        ExitCode.NOT_BUILT,
    }
)


class Service:
    """Does nothing if there is no service manager. Raises OSError if its socket cannot be reached."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        self._socket: socket.socket | None = None
        period_ns = _feeding_period_ns(environment, pid)
        self._watchdog_due = Every(period_ns) if period_ns > 0 else None
        address = environment.get("NOTIFY_SOCKET")
        if not address:
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            # A leading @ means the abstract namespace.
            self._socket.connect("\0" + address[1:] if address.startswith("@") else address)
        except OSError:
            self.close()
            raise

    def is_ready(self) -> None:
        self._say(b"READY=1")

    def is_stopping(self) -> None:
        with suppress(OSError):  # nothing is left to be done about it
            self._say(b"STOPPING=1")

    @property
    def due_ns(self) -> int:
        return NEVER_NS if self._watchdog_due is None else self._watchdog_due.due_ns

    def step(self, now_ns: int) -> None:
        """A chore of the control loop: feeds the watchdog, which is there to notice a loop that hangs."""
        if self._watchdog_due is not None and self._watchdog_due.is_due(now_ns):
            self._say(b"WATCHDOG=1")

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, message: bytes) -> None:
        if self._socket is not None:
            self._socket.send(message)


def _feeding_period_ns(environment: Mapping[str, str], pid: int) -> int:
    """Half of the time of sd_watchdog_enabled(3), as that page advises; 0 if nobody watches this process."""
    period_us = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", str(pid))
    if not period_us.isdecimal() or watched != str(pid):
        return 0
    return int(period_us) * NANOSECONDS_PER_MICROSECOND // 2


def own_service() -> Service:
    return Service(os.environ, os.getpid())
