"""The control loop: all that the main thread does between start and stop, for all interfaces.

It sleeps until the data path has something for it, a descriptor is readable, or a timer is due. A turn
without work makes few calls and keeps no memory, because every unmap in the process interrupts the data
path's cores (TLB shoot-down); for the same reason the garbage collector is off.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from logging import Logger, getLogger
from typing import Protocol

from aeron_dpdk.control.data_plane import Count, DataPlane
from aeron_dpdk.control.interface import Interface
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS, Occasional, TokenBucket
from aeron_dpdk.control.routing import Identity

# An exchange is over within a few short pauses. Events that still come after them are a flood: they are taken
# once a millisecond, and in between nothing wakes the loop, so a flood costs the data path no system calls.
SHORT_PAUSE_NS = NANOSECONDS // 10_000
PAUSE_NS = NANOSECONDS // 1000
SHORT_PAUSES_AT_ONCE = 16
SHORT_PAUSES_PER_SECOND = 100
HELD_PAUSE_NS = NANOSECONDS // 100  # while a port is held, and no frame comes from it
LISTEN_PERIOD_NS = NANOSECONDS // 100  # however much comes on descriptors
ERROR_LOG_PERIOD_NS = 60 * NANOSECONDS
MAX_ERROR_KINDS = 64

LOG = getLogger("aeron_dpdk.control")


class Chore(Protocol):
    """What the loop does besides its own work."""

    @property
    def due_ns(self) -> int:
        """When step() must be called at the latest."""

    def step(self, now_ns: int) -> None:
        """Called at every turn of the loop, also before it is due. Exceptions are counted and logged."""


class ControlLoop:
    """`data_plane` is that of the first interface, and waits for all of them. `clock` gives the data plane's
    time, monotonic nanoseconds; log lines about an interface begin with `prefix`."""

    def __init__(
        self,
        data_plane: DataPlane,
        identity: Identity,
        clock: Callable[[], int] = time.monotonic_ns,
        log: Logger = LOG,
        ipv6: Ipv6Identity | None = None,
        prefix: str = "",
    ) -> None:
        self._data_plane = data_plane
        self._clock = clock
        self._log = log
        self._errors = Occasional(ERROR_LOG_PERIOD_NS, MAX_ERROR_KINDS)
        self._interfaces: tuple[Interface, ...] = ()
        self._chores: tuple[tuple[str, Chore], ...] = ()
        self._descriptors: tuple[int, ...] = ()
        self._listen_ns = 0
        self._short_pauses = TokenBucket(SHORT_PAUSES_PER_SECOND, SHORT_PAUSES_AT_ONCE)
        self._has_failed = False
        self.add(data_plane, identity, ipv6, prefix)

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """In the order in which they were added; the first is the loop's own."""
        return self._interfaces

    def add(
        self,
        data_plane: DataPlane,
        identity: Identity,
        ipv6: Ipv6Identity | None = None,
        prefix: str = "",
        host: int | None = None,
    ) -> None:
        """Adds an interface; only before run(). `host` is the earlier interface whose port it shares."""
        sharing = None if host is None else self._interfaces[host]
        added = Interface(data_plane, identity, self._clock, self._log, self._report, ipv6, prefix, sharing)
        self._interfaces = (*self._interfaces, added)

    def attend(self, name: str, chore: Chore) -> None:
        """From now on steps `chore` at every turn; exceptions are counted and logged."""
        self._chores = (*self._chores, (name, chore))

    def listen(self, descriptor: int) -> None:
        """From now on a turn begins at once when the descriptor is readable, but no more often than every
        LISTEN_PERIOD_NS."""
        self._descriptors = (*self._descriptors, descriptor)

    def farewell(self) -> None:
        """Call it before the ports are closed."""
        for each in self._interfaces:
            each.farewell()

    def run(self, stop: Callable[[], bool], *, collector_rests: bool = True) -> None:
        """Ticks until `stop()` is true. `collector_rests` turns the garbage collector off, which is for a
        process of our own; a program that embeds the driver keeps it."""
        with _collector_at_rest() if collector_rests else nullcontext():
            while not stop():
                self._rest(self.tick())

    def _rest(self, events: int) -> None:
        now_ns = self._clock()
        if events > 0 or self._has_failed:
            is_short = not self._has_failed and self._short_pauses.take(now_ns)
            self._data_plane.pause(now_ns + (SHORT_PAUSE_NS if is_short else PAUSE_NS))
            return
        usable = 0
        due_ns = NEVER_NS
        for each in self._interfaces:
            usable += each.port_is_usable
            due_ns = min(due_ns, each.due_ns)
        for _, chore in self._chores:
            due_ns = min(due_ns, chore.due_ns)
        until_ns = max(due_ns, now_ns + PAUSE_NS)
        if usable < len(self._interfaces):
            until_ns = min(until_ns, now_ns + HELD_PAUSE_NS)
        if usable == 0:
            self._data_plane.pause(until_ns)
        elif now_ns < self._listen_ns:
            self._data_plane.sleep(min(until_ns, self._listen_ns), ())
        elif self._data_plane.sleep(until_ns, self._descriptors):
            self._listen_ns = self._clock() + LISTEN_PERIOD_NS

    def tick(self) -> int:
        """One turn; returns the number of events taken. Raises nothing, whatever they contain."""
        now_ns = self._clock()
        events = 0
        self._has_failed = False
        for name, chore in self._chores:
            try:
                chore.step(now_ns)
            except Exception as error:
                self._data_plane.count(Count.CONTROL_ERRORS)
                self._report(name, error, now_ns)
        for each in self._interfaces:
            events += each.tick(now_ns)
        return events

    def _report(self, name: str, error: Exception, now_ns: int) -> None:
        self._has_failed = True  # what failed may be due again at once, and for ever
        if self._errors.allows(f"{name} {type(error).__name__}", now_ns):
            self._log.error("%s failed: %s", name, error, exc_info=error)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
