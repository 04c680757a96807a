"""The control loop: the main thread's whole life between start and stop.

It sleeps until the data path has something for it, a descriptor is readable, or a timer is due. A turn
without work makes few calls and keeps no memory, because every unmap in the process interrupts the data
path's cores (TLB shoot-down); for the same reason the garbage collector rests.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from ipaddress import IPv4Address
from logging import Logger, getLogger

from aeron_dpdk.control.actions import Action
from aeron_dpdk.control.arp import ArpResponder
from aeron_dpdk.control.chore import Chore
from aeron_dpdk.control.data_plane import Count, DataPlane, Event, FrameReceived, Learned, Unresolved
from aeron_dpdk.control.effects import Effects
from aeron_dpdk.control.icmp import IcmpResponder
from aeron_dpdk.control.identity import Identity
from aeron_dpdk.control.igmp import IgmpHost
from aeron_dpdk.control.link import LinkEdge, LinkMonitor
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.port_reset import PortReset, ResetProgress
from aeron_dpdk.control.rate import NANOSECONDS, Every, Occasional, TokenBucket
from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType
from aeron_dpdk.wire.ipv4 import PROTOCOL_IGMP, protocol_of
from aeron_dpdk.wire.malformed import Malformed

EVENTS_PER_TICK = 64
# An exchange is over within a few short pauses. What still comes is a flood, and gets a turn a millisecond,
# in which nothing wakes the loop, so that it costs the data path no system calls either.
SHORT_PAUSE_NS = NANOSECONDS // 10_000
PAUSE_NS = NANOSECONDS // 1000
SHORT_PAUSES_AT_ONCE = 16
SHORT_PAUSES_PER_SECOND = 100
HELD_PAUSE_NS = NANOSECONDS // 100  # while the port is held, and no frame comes
LISTEN_PERIOD_NS = NANOSECONDS // 100  # whatever comes on descriptors
LINK_PERIOD_NS = NANOSECONDS // 10  # as often as sleep() looks at it
WATCH_PERIOD_NS = NANOSECONDS
ERROR_LOG_PERIOD_NS = 60 * NANOSECONDS
MAX_ERROR_KINDS = 64

LOG = getLogger("aeron_dpdk.control")

Step = Callable[[int], None]


class ControlLoop:
    """`clock` gives the data plane's time, monotonic nanoseconds."""

    def __init__(
        self,
        data_plane: DataPlane,
        identity: Identity,
        clock: Callable[[], int] = time.monotonic_ns,
        log: Logger = LOG,
    ) -> None:
        self._data_plane = data_plane
        self._clock = clock
        self._log = log
        self._neighbours = Neighbours(identity.route, identity.mac, data_plane)
        self._arp = ArpResponder(identity, self._neighbours)
        self._icmp = IcmpResponder(identity, self._neighbours)
        self._igmp = IgmpHost(identity)
        self._groups_moved = 0
        self._effects = Effects(data_plane, identity, log)
        self._link = LinkMonitor()
        self._reset = PortReset(data_plane)
        self._port_is_usable = True
        self._errors = Occasional(ERROR_LOG_PERIOD_NS, MAX_ERROR_KINDS)
        self._link_due = Every(LINK_PERIOD_NS)
        self._watch_due = Every(WATCH_PERIOD_NS)
        self._steps: tuple[tuple[str, Step], ...] = (
            ("the device's watch", self._watch_device),
            ("port restart", self._step_reset),
        )
        self._port_steps: tuple[tuple[str, Step], ...] = (
            ("link state", self._check_link),
            ("ARP timers", self._advance),
            ("multicast groups", self._report_groups),
            ("events", self._drain),
        )
        self._chores: tuple[Chore, ...] = ()
        self._descriptors: tuple[int, ...] = ()
        self._listen_ns = 0
        self._short_pauses = TokenBucket(SHORT_PAUSES_PER_SECOND, SHORT_PAUSES_AT_ONCE)
        self._events = 0
        self._has_failed = False
        self._arp.announce(clock())

    @property
    def neighbours(self) -> Neighbours:
        return self._neighbours

    @property
    def port_is_usable(self) -> bool:
        """False while the port restarts, and from then on if it did not come back."""
        return self._port_is_usable

    def attend(self, name: str, chore: Chore) -> None:
        """From now on does a chore of its host's; what it raises is counted and logged."""
        self._chores = (*self._chores, chore)
        self._steps = (*self._steps, (name, chore.step))

    def listen(self, descriptor: int) -> None:
        """From now on turns at once when the descriptor is readable, but no more often than
        LISTEN_PERIOD_NS."""
        self._descriptors = (*self._descriptors, descriptor)

    def ask(self, ipv4: IPv4Address) -> None:
        """By ARP, whether `ipv4` is there; the neighbour table has the answer."""
        now_ns = self._clock()
        if self._port_is_usable:
            self._effects.perform(self._neighbours.ask(ipv4, now_ns), now_ns)

    def farewell(self) -> None:
        """Before the port goes: nobody needs to send us the groups that we heard."""
        if self._port_is_usable:
            self._effects.perform(self._igmp.farewell(), self._clock())

    def run(self, stop: Callable[[], bool], *, collector_rests: bool = True) -> None:
        """Ticks until `stop()`. `collector_rests` is for a process of our own; a host that embeds the driver
        keeps its garbage collector."""
        with _collector_at_rest() if collector_rests else nullcontext():
            while not stop():
                self._rest(self.tick())

    def _rest(self, events: int) -> None:
        now_ns = self._clock()
        if events > 0 or self._has_failed:
            is_short = not self._has_failed and self._short_pauses.take(now_ns)
            self._data_plane.pause(now_ns + (SHORT_PAUSE_NS if is_short else PAUSE_NS))
            return
        until_ns = max(self._next_due_ns(), now_ns + PAUSE_NS)
        if not self._port_is_usable:
            self._data_plane.pause(min(until_ns, now_ns + HELD_PAUSE_NS))
        elif now_ns < self._listen_ns:
            self._data_plane.sleep(min(until_ns, self._listen_ns), ())
        elif self._data_plane.sleep(until_ns, self._descriptors):
            self._listen_ns = self._clock() + LISTEN_PERIOD_NS

    def _next_due_ns(self) -> int:
        due_ns = min(self._watch_due.due_ns, self._reset.due_ns)
        for chore in self._chores:
            due_ns = min(due_ns, chore.due_ns)
        if self._port_is_usable:
            due_ns = min(due_ns, self._arp.due_ns, self._neighbours.due_ns, self._igmp.due_ns)
        return due_ns

    def tick(self) -> int:
        """One turn; returns the number of events taken. Whatever they contain, nothing is raised."""
        now_ns = self._clock()
        self._events = 0
        self._has_failed = False
        for name, step in self._steps:
            self._guard(name, step, now_ns)
        if self._port_is_usable:
            for name, step in self._port_steps:
                self._guard(name, step, now_ns)
        return self._events

    def _guard(self, name: str, step: Step, now_ns: int) -> None:
        try:
            step(now_ns)
        except Exception as error:
            self._report(name, error, now_ns)

    def _report(self, name: str, error: Exception, now_ns: int) -> None:
        self._has_failed = True  # what failed may want to be done again at once, and for ever
        self._data_plane.count(Count.CONTROL_ERRORS)
        if self._errors.allows(f"{name} {type(error).__name__}", now_ns):
            self._log.error("%s failed: %s", name, error, exc_info=error)

    def _watch_device(self, now_ns: int) -> None:
        if self._watch_due.is_due(now_ns):
            self._data_plane.watch_device()

    def _step_reset(self, now_ns: int) -> None:
        self._port_is_usable = False
        progress = self._reset.step(now_ns)
        self._port_is_usable = progress in (ResetProgress.IDLE, ResetProgress.DONE)
        if progress is ResetProgress.BEGUN:
            self._log.warning("restarting the port")
        elif progress is ResetProgress.DONE:
            self._data_plane.count(Count.PORT_RESETS)
            self._log.warning("the port runs again")
            self._meet_the_link(now_ns)

    def _check_link(self, now_ns: int) -> None:
        if not self._link_due.is_due(now_ns):
            return
        edge = self._link.observe(self._data_plane.link())
        if edge is None:
            return
        self._data_plane.count(Count.LINK_CHANGES)
        self._log.warning("the link is %s", edge.value)
        if edge is LinkEdge.CAME_UP:
            self._meet_the_link(now_ns)

    def _meet_the_link(self, now_ns: int) -> None:
        self._arp.announce(now_ns)
        self._effects.perform(self._neighbours.link_came_up(now_ns), now_ns)
        self._igmp.link_came_up(now_ns)

    def _advance(self, now_ns: int) -> None:
        if now_ns >= self._arp.due_ns:
            self._effects.perform(self._arp.advance(now_ns), now_ns)
        if now_ns >= self._neighbours.due_ns:
            self._effects.perform(self._neighbours.advance(now_ns), now_ns)

    def _report_groups(self, now_ns: int) -> None:
        moved = self._data_plane.groups_moved()
        if moved != self._groups_moved:
            self._groups_moved = moved
            self._igmp.follow(self._data_plane.groups(), now_ns)
        if now_ns >= self._igmp.due_ns:
            self._effects.perform(self._igmp.advance(now_ns), now_ns)

    def _drain(self, now_ns: int) -> None:
        while self._events < EVENTS_PER_TICK:
            event = self._data_plane.receive()
            if event is None:
                return
            self._events += 1
            try:
                self._effects.perform(self._handle(event, now_ns), now_ns)
            except Malformed:
                self._data_plane.count(Count.CONTROL_MALFORMED)
            except Exception as error:
                self._report(type(event).__name__, error, now_ns)

    def _handle(self, event: Event, now_ns: int) -> tuple[Action, ...]:
        match event:
            case FrameReceived(data):
                frame = EthernetFrame.parse(data)
                match frame.ethertype:
                    case EtherType.ARP:
                        return self._arp.receive(frame, now_ns)
                    case EtherType.IPV4 if protocol_of(frame.payload) == PROTOCOL_IGMP:
                        return self._igmp.receive(frame, now_ns)
                    case EtherType.IPV4:
                        return self._icmp.receive(frame, now_ns)
                    case _:
                        raise Malformed(
                            f"ethernet: type 0x{frame.ethertype:04x} is not for the control plane"
                        )
            case Unresolved(next_hop, data):
                return self._neighbours.send(next_hop, data, now_ns)
            case Learned(next_hop, mac):
                return self._neighbours.hint(next_hop, mac, now_ns)


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
