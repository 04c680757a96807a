"""One interface of a driver: its port's link and restarts, its neighbours, and everything that it sends to
its link and receives from it. Failures of one interface do not affect the others."""

from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from logging import Logger

from aeron_dpdk.control.actions import Action
from aeron_dpdk.control.arp import ArpResponder
from aeron_dpdk.control.data_plane import Count, DataPlane, Event, FrameReceived, Learned, Link, Unresolved
from aeron_dpdk.control.effects import Effects
from aeron_dpdk.control.icmp import IcmpResponder
from aeron_dpdk.control.igmp import IgmpHost
from aeron_dpdk.control.ipv6 import Ipv6Host
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.port_reset import PortReset, ResetProgress, SharedPortReset
from aeron_dpdk.control.rate import NANOSECONDS, Every
from aeron_dpdk.control.routing import Identity
from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType
from aeron_dpdk.wire.ipv4 import PROTOCOL_IGMP, protocol_of
from aeron_dpdk.wire.packet import Address, Malformed

EVENTS_PER_TICK = 64
LINK_PERIOD_NS = NANOSECONDS // 10  # as often as sleep() checks it
WATCH_PERIOD_NS = NANOSECONDS

Step = Callable[[int], None]
Report = Callable[[str, Exception, int], None]


class LinkEdge(Enum):
    CAME_UP = "up"
    WENT_DOWN = "down"


class LinkMonitor:
    """The link counts as up until it is seen down, so that a start on a healthy link is not a change."""

    def __init__(self) -> None:
        self._was_up = True

    def observe(self, link: Link) -> LinkEdge | None:
        if link.is_up == self._was_up:
            return None
        self._was_up = link.is_up
        return LinkEdge.CAME_UP if link.is_up else LinkEdge.WENT_DOWN


class Interface:
    """Used by the control thread only. `clock` gives the data plane's time, monotonic nanoseconds. `report`
    is called with what failed; log lines about this interface begin with `prefix`, if there are several.
    `host` is the interface whose port it shares; that one's turn comes first."""

    def __init__(
        self,
        data_plane: DataPlane,
        identity: Identity,
        clock: Callable[[], int],
        log: Logger,
        report: Report,
        ipv6: Ipv6Identity | None = None,
        prefix: str = "",
        host: "Interface | None" = None,
    ) -> None:
        self._data_plane = data_plane
        self._clock = clock
        self._log = log
        self._report = report
        self._prefix = prefix
        self._neighbours = Neighbours(identity.routing, identity.mac, data_plane)
        self._arp = ArpResponder(identity, self._neighbours)
        self._icmp = IcmpResponder(identity, self._neighbours)
        self._igmp = IgmpHost(identity)
        self._ipv6 = None if ipv6 is None else Ipv6Host(ipv6, data_plane, clock())
        self._groups_moved = 0
        self._effects = Effects(data_plane, identity, ipv6, log)
        self._link = LinkMonitor()
        self._reset: PortReset | SharedPortReset = PortReset(data_plane)
        if host is not None:
            self._reset = SharedPortReset(lambda: host.port_is_usable)
        self._port_is_usable = True
        self._link_due = Every(LINK_PERIOD_NS)
        self._watch_due = Every(WATCH_PERIOD_NS)
        self._steps: tuple[tuple[str, Step], ...] = (
            ("the device's watch", self._watch_device),
            ("port restart", self._step_reset),
        )
        self._port_steps: tuple[tuple[str, Step], ...] = (
            ("link state", self._check_link),
            ("ARP timers", self._advance),
            ("IPv6 timers", self._advance_ipv6),
            ("multicast groups", self._report_groups),
            ("events", self._drain),
        )
        self._events = 0
        self._arp.announce(clock())

    @property
    def neighbours(self) -> Neighbours:
        return self._neighbours

    @property
    def ipv6(self) -> Ipv6Host | None:
        """None if the port has no IPv6."""
        return self._ipv6

    @property
    def port_is_usable(self) -> bool:
        """False while the port restarts, and from then on if it did not come back."""
        return self._port_is_usable

    @property
    def due_ns(self) -> int:
        """When tick() has something to do, unless the data plane has something earlier."""
        due_ns = min(self._watch_due.due_ns, self._reset.due_ns)
        if self._port_is_usable:
            due_ns = min(due_ns, self._arp.due_ns, self._neighbours.due_ns, self._igmp.due_ns)
            if self._ipv6 is not None:
                due_ns = min(due_ns, self._ipv6.due_ns)
        return due_ns

    def ask(self, address: Address) -> None:
        """Finds out whether `address` is there; the answer goes into the neighbour table."""
        now_ns = self._clock()
        if self._port_is_usable:
            self._effects.perform(self._table_of(address).ask(address, now_ns), now_ns)

    def farewell(self) -> None:
        """Call it before the port closes: tells the link that we no longer listen to our groups."""
        if self._port_is_usable:
            self._effects.perform(self._igmp.farewell(), self._clock())
            if self._ipv6 is not None:
                self._effects.perform(self._ipv6.farewell(), self._clock())

    def tick(self, now_ns: int) -> int:
        """One turn; returns the number of events taken. Raises nothing, whatever they contain."""
        self._events = 0
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
            self._fail(name, error, now_ns)

    def _fail(self, what: str, error: Exception, now_ns: int) -> None:
        self._data_plane.count(Count.CONTROL_ERRORS)
        self._report(self._prefix + what, error, now_ns)

    def _watch_device(self, now_ns: int) -> None:
        if self._watch_due.is_due(now_ns):
            self._data_plane.watch_device()

    def _step_reset(self, now_ns: int) -> None:
        self._port_is_usable = False
        progress = self._reset.step(now_ns)
        self._port_is_usable = progress in (ResetProgress.IDLE, ResetProgress.DONE)
        if progress is ResetProgress.BEGUN:
            self._log.warning("%srestarting the port", self._prefix)
        elif progress is ResetProgress.DONE:
            self._data_plane.count(Count.PORT_RESETS)
            self._log.warning("%sthe port runs again", self._prefix)
            self._meet_the_link(now_ns)

    def _check_link(self, now_ns: int) -> None:
        if not self._link_due.is_due(now_ns):
            return
        edge = self._link.observe(self._data_plane.link())
        if edge is None:
            return
        self._data_plane.count(Count.LINK_CHANGES)
        self._log.warning("%sthe link is %s", self._prefix, edge.value)
        if edge is LinkEdge.CAME_UP:
            self._meet_the_link(now_ns)
        elif self._ipv6 is not None:
            self._ipv6.link_went_down()

    def _meet_the_link(self, now_ns: int) -> None:
        self._arp.announce(now_ns)
        self._effects.perform(self._neighbours.link_came_up(now_ns), now_ns)
        self._igmp.link_came_up(now_ns)
        if self._ipv6 is not None:
            self._effects.perform(self._ipv6.link_came_up(now_ns), now_ns)

    def _advance(self, now_ns: int) -> None:
        if now_ns >= self._arp.due_ns:
            self._effects.perform(self._arp.advance(now_ns), now_ns)
        if now_ns >= self._neighbours.due_ns:
            self._effects.perform(self._neighbours.advance(now_ns), now_ns)

    def _advance_ipv6(self, now_ns: int) -> None:
        if self._ipv6 is not None and now_ns >= self._ipv6.due_ns:
            self._effects.perform(self._ipv6.advance(now_ns), now_ns)

    def _report_groups(self, now_ns: int) -> None:
        moved = self._data_plane.groups_moved()
        if moved != self._groups_moved:
            self._groups_moved = moved
            groups = self._data_plane.groups()
            self._igmp.follow([each for each in groups if isinstance(each, IPv4Address)], now_ns)
            if self._ipv6 is not None:
                self._ipv6.follow([each for each in groups if isinstance(each, IPv6Address)], now_ns)
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
                self._fail(type(event).__name__, error, now_ns)

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
                    case EtherType.IPV6 if self._ipv6 is not None:
                        return self._ipv6.receive(frame, now_ns)
                    case _:
                        raise Malformed(
                            f"ethernet: type 0x{frame.ethertype:04x} is not for the control plane"
                        )
            case Unresolved(next_hop, data):
                return self._table_of(next_hop).send(next_hop, data, now_ns)
            case Learned(next_hop, mac):
                return self._table_of(next_hop).hint(next_hop, mac, now_ns)

    def _table_of(self, address: Address) -> Neighbours:
        if self._ipv6 is not None and isinstance(address, IPv6Address):
            return self._ipv6.neighbours
        return self._neighbours
