"""A data plane made of lists, a clock that tests set, and frames as peers on the link send them."""

import itertools
import time
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Interface

from aeron_dpdk.control.data_plane import Count, Event, FrameReceived, Link
from aeron_dpdk.control.neighbours import LOOKS
from aeron_dpdk.control.routing import Identity, Routing
from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, EtherType, Mac
from aeron_dpdk.wire.icmp import IcmpMessage, IcmpType
from aeron_dpdk.wire.ipv4 import PROTOCOL_ICMP, Ipv4Packet
from aeron_dpdk.wire.packet import Address

MS = 1_000_000
SECOND = 1000 * MS
START = 1_000_000 * SECOND

OUR_MAC = Mac.from_text("02:00:00:00:00:01")
PEER_MAC = Mac.from_text("02:00:00:00:00:02")
GATEWAY_MAC = Mac.from_text("02:00:00:00:00:fe")
OTHER_MAC = Mac.from_text("02:00:00:00:0b:ad")

OURS = IPv4Address("10.0.0.1")
PEER = IPv4Address("10.0.0.2")
OTHER_HOST = IPv4Address("10.0.0.3")
GATEWAY = IPv4Address("10.0.0.254")
FAR = IPv4Address("203.0.113.7")
NOBODY = IPv4Address("0.0.0.0")

IDENTITY = Identity(OUR_MAC, Routing(OURS, 24, GATEWAY))


class ManualClock:
    def __init__(self) -> None:
        self.now_ns = START

    def __call__(self) -> int:
        return self.now_ns


class FakeWitness:
    """Implements Witness by three sets, which a test fills."""

    def __init__(self) -> None:
        self.used: set[Address] = set()
        self.heard: set[Address] = set()
        self.disputed: set[Address] = set()
        self.looked = itertools.count()

    def neighbour_was_used(self, address: Address) -> bool:
        was_used = address in self.used
        self.used.discard(address)
        return was_used

    def neighbour_watch(self, address: Address) -> None:
        self.heard.discard(address)
        self.disputed.discard(address)

    def neighbour_was_heard(self, address: Address) -> bool:
        return address in self.heard

    def neighbour_is_disputed(self, address: Address) -> bool:
        return address in self.disputed

    def looks(self) -> int:
        return LOOKS * next(self.looked)


class FakeDataPlane(FakeWitness):
    """Implements DataPlane. transmit() accepts `room` more frames; None: any number. With `clock`, waiting
    only advances that clock; sleep() ends early when there are events or `is_readable`."""

    def __init__(self, clock: ManualClock | None = None) -> None:
        super().__init__()
        self.clock = clock
        self.pauses: list[int] = []
        self.sleeps: list[int] = []
        self.listened: list[tuple[int, ...]] = []
        self.is_readable = False
        self.events: deque[Event] = deque()
        self.sent: list[bytes] = []
        self.room: int | None = None
        self.neighbours: dict[Address, Mac] = {}
        self.own_ipv6: dict[IPv6Interface, bool] = {}
        self.gateway: IPv6Address | None = None
        self.heard_groups: frozenset[Address] = frozenset()
        self.group_changes = 0
        self.is_up = True
        self.counts: Counter[Count] = Counter()
        self.is_reset_requested = False
        self.reset_steps: deque[bool | Exception] = deque()
        self.device_watches = 0

    def receive(self) -> Event | None:
        return self.events.popleft() if self.events else None

    def transmit(self, frame: bytes) -> bool:
        if self.room is not None:
            if self.room == 0:
                return False
            self.room -= 1
        self.sent.append(frame)
        return True

    def neighbour_set(self, address: Address, mac: Mac) -> None:
        self.neighbours[address] = mac

    def neighbour_forget(self, address: Address) -> None:
        self.neighbours.pop(address, None)

    def have_address(self, own: IPv6Interface, is_usable: bool) -> None:
        self.own_ipv6[own] = is_usable

    def use_gateway(self, gateway: IPv6Address | None) -> None:
        self.gateway = gateway

    def hear(self, *groups: Address) -> None:
        """Channels hear these groups from now on, and no others."""
        self.heard_groups = frozenset(groups)
        self.group_changes += 1

    def groups_moved(self) -> int:
        return self.group_changes

    def groups(self) -> frozenset[Address]:
        return self.heard_groups

    def link(self) -> Link:
        return Link(self.is_up, True, 10_000)

    def count(self, what: Count, n: int = 1) -> None:
        self.counts[what] += n

    def reset_requested(self) -> bool:
        return self.is_reset_requested

    def request_reset(self) -> None:
        self.is_reset_requested = True

    def reset_step(self) -> bool:
        step = self.reset_steps.popleft() if self.reset_steps else False
        if isinstance(step, Exception):
            raise step
        self.is_reset_requested = step
        return step

    def watch_device(self) -> None:
        self.device_watches += 1

    def pause(self, until_ns: int) -> None:
        self.pauses.append(self._wait(until_ns))

    def sleep(self, until_ns: int, descriptors: Sequence[int]) -> bool:
        self.listened.append(tuple(descriptors))
        is_readable = self.is_readable and bool(descriptors)
        if self.events or is_readable or self.is_reset_requested:
            self.sleeps.append(0)
        else:
            self.sleeps.append(self._wait(until_ns))
        return is_readable

    def _wait(self, until_ns: int) -> int:
        if self.clock is None:
            time.sleep(1e-3)
            return 0
        waited_ns = until_ns - self.clock.now_ns
        self.clock.now_ns = until_ns
        return waited_ns

    def take_sent(self) -> list[bytes]:
        sent, self.sent = self.sent, []
        return sent


def arp_packet(
    operation: ArpOperation, sender: IPv4Address, mac: Mac, target: IPv4Address, target_mac: Mac = UNSPECIFIED
) -> ArpPacket:
    return ArpPacket(operation, mac, sender, target_mac, target)


def arp_request(sender: IPv4Address, mac: Mac, target: IPv4Address, destination: Mac = BROADCAST) -> bytes:
    packet = arp_packet(ArpOperation.REQUEST, sender, mac, target)
    return EthernetFrame(destination, mac, EtherType.ARP, packet.emit()).emit()


def arp_reply(sender: IPv4Address, mac: Mac, target: IPv4Address = OURS, destination: Mac = OUR_MAC) -> bytes:
    packet = arp_packet(ArpOperation.REPLY, sender, mac, target, destination)
    return EthernetFrame(destination, mac, EtherType.ARP, packet.emit()).emit()


def gratuitous_arp(sender: IPv4Address, mac: Mac) -> bytes:
    return arp_request(sender, mac, sender)


def echo_request(
    source: IPv4Address, mac: Mac, payload: bytes = b"ping", destination: IPv4Address = OURS
) -> EthernetFrame:
    message = IcmpMessage(IcmpType.ECHO_REQUEST, 0, b"\x12\x34\x00\x07", payload)
    packet = Ipv4Packet(source, destination, PROTOCOL_ICMP, message.emit())
    return EthernetFrame(OUR_MAC, mac, EtherType.IPV4, packet.emit())


def unaddressed(text: bytes) -> bytes:
    """A frame of ours that lacks its destination MAC."""
    return EthernetFrame(UNSPECIFIED, OUR_MAC, EtherType.IPV4, text).emit()


def received(frames: Iterable[bytes]) -> list[Event]:
    return [FrameReceived(frame) for frame in frames]


def arp_sent(frames: Iterable[bytes]) -> list[tuple[Mac, ArpPacket]]:
    """The ARP packets among `frames`, each with the MAC it was sent to."""
    parsed = [EthernetFrame.parse(frame) for frame in frames]
    return [
        (frame.destination, ArpPacket.parse(frame.payload))
        for frame in parsed
        if frame.ethertype == EtherType.ARP
    ]
