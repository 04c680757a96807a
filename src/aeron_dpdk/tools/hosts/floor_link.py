"""Two hosts without Aeron: the messages of ping and pong go in UDP datagrams of our own, each resent until
it is acknowledged; a text is at most as long as one datagram holds."""

import random
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Protocol, Self

from aeron_dpdk.control.routing import NoNextHop, Routing
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.hosts.measure import FOR_EVER_NS
from aeron_dpdk.tools.hosts.request import Place, Request
from aeron_dpdk.tools.measure.job import PhaseReport, Role
from aeron_dpdk.tools.measure.load_thread import PhaseOrder
from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, EtherType, Mac
from aeron_dpdk.wire.ipv4 import Ipv4Packet
from aeron_dpdk.wire.packet import Malformed

PROTOCOL_UDP = 17
UDP_HEADER = struct.Struct("!4H")
# In the place of the stream id in a phase's frames; stream ids are never that high (request.LAST_STREAM_ID).
MAGIC = 0xADF10000
TALK = struct.Struct("<IBIi")
AGAIN_NS = 100_000_000
PATIENCE_NS = 10 * 10**9
ACKNOWLEDGEMENTS = 3
TURN_S = 0.001


class Kind(IntEnum):
    TEXT = 0
    ACKNOWLEDGEMENT = 1


@dataclass(frozen=True, slots=True)
class Datagram:
    """A text from one side, or the acknowledgement of one. `number` counts the texts of a side."""

    kind: Kind
    number: int
    stream_id: int
    text: bytes = b""

    def emit(self) -> bytes:
        return TALK.pack(MAGIC, self.kind, self.number, self.stream_id) + self.text

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises Malformed."""
        if len(data) < TALK.size:
            raise Malformed(f"floor: {len(data)} bytes are no datagram")
        magic, kind, number, stream_id = TALK.unpack_from(data)
        if magic != MAGIC or kind not in list(Kind):
            raise Malformed("floor: not what ping and pong say")
        return cls(Kind(kind), number, stream_id, data[TALK.size :])


class Port(Protocol):
    """`FloorPort`. Its methods raise LoadError with the name of the role."""

    @property
    def routing(self) -> Routing: ...

    @property
    def mac(self) -> Mac: ...

    def begin(self, role: Role) -> None: ...

    def stop(self) -> None: ...

    def transmit(self, frame: EthernetFrame, role: Role) -> None: ...

    def receive(self, role: Role) -> EthernetFrame | None: ...

    def measure(self, order: PhaseOrder, mac: Mac, peer: IPv4Address, udp_port: int) -> PhaseReport: ...


@dataclass(frozen=True, slots=True)
class Heard:
    mac: Mac
    address: IPv4Address
    datagram: Datagram


def udp_payload(packet: Ipv4Packet) -> bytes:
    """Raises Malformed."""
    if packet.protocol != PROTOCOL_UDP or packet.is_fragment or len(packet.payload) < UDP_HEADER.size:
        raise Malformed("floor: not a UDP datagram")
    _, _, length, _ = UDP_HEADER.unpack_from(packet.payload)
    return packet.payload[UDP_HEADER.size : length]


@dataclass
class FloorLink:
    """Except for stop(), only for the thread that calls begin(). Raises LoadError when it cannot go on."""

    port: Port
    role: Role
    udp_port: int
    """Of both sides, for everything."""
    _macs: dict[IPv4Address, Mac] = field(default_factory=dict)
    _number: int = field(default_factory=lambda: random.randrange(1 << 31))
    _last_heard: dict[IPv4Address, int] = field(default_factory=dict)

    def begin(self) -> None:
        self.port.begin(self.role)

    def stop(self) -> None:
        """Any thread: the running call, and all later ones, fail at once."""
        self.port.stop()

    def say(self, to: Place, stream_id: int, text: str) -> None:
        """Returns once the other side has acknowledged it."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        datagram = Datagram(Kind.TEXT, self._number, stream_id, text.encode())
        mac = self._mac_towards(to.address)
        end_ns = time.monotonic_ns() + PATIENCE_NS
        while time.monotonic_ns() < end_ns:
            self._transmit(mac, to.address, datagram)
            for heard in self._listen(time.monotonic_ns() + AGAIN_NS):
                is_ours = heard.address == to.address and heard.datagram.number == self._number
                if is_ours and heard.datagram.kind is Kind.ACKNOWLEDGEMENT:
                    return
        raise LoadError(self.role, f"{to} has not answered for {PATIENCE_NS // 10**9} s")

    def hear(self, at: Place, stream_id: int, timeout_ns: int = FOR_EVER_NS) -> str:
        for heard in self._listen(time.monotonic_ns() + timeout_ns):
            found = heard.datagram
            if found.kind is Kind.TEXT and found.stream_id == stream_id:
                self._macs[heard.address] = heard.mac
                self._last_heard[heard.address] = found.number
                self._acknowledge(heard)
                return found.text.decode(errors="replace")
        raise LoadError(self.role, f"nothing was heard at {at} for {timeout_ns // 10**9} s")

    def run(self, request: Request, pong: Place) -> PhaseReport:
        """Runs this side of the measurement."""
        peer = (pong if self.role is Role.CLIENT else request.reply_to).address
        order = PhaseOrder(
            self.role, request.phase, "", "", request.stream_id, request.warmup_ns, request.duration_ns
        )
        return self.port.measure(order, self._mac_towards(peer), peer, self.udp_port)

    # ---- frames ----

    def _listen(self, end_ns: int) -> Iterator[Heard]:
        """Returns what is for us, waiting until `end_ns`; answers ARP meanwhile."""
        while time.monotonic_ns() < end_ns:
            frame = self.port.receive(self.role)
            if frame is None:
                time.sleep(TURN_S)
            elif frame.ethertype == EtherType.ARP:
                self._take_arp(frame)
            elif frame.ethertype == EtherType.IPV4 and (heard := self._heard(frame)) is not None:
                if self._is_said_again(heard):
                    self._acknowledge(heard)
                else:
                    yield heard

    def _is_said_again(self, heard: Heard) -> bool:
        datagram = heard.datagram
        return datagram.kind is Kind.TEXT and self._last_heard.get(heard.address) == datagram.number

    def _acknowledge(self, heard: Heard) -> None:
        """Sent more than once: while we measure we receive nothing, so the peer could not ask again."""
        said = heard.datagram
        for _ in range(ACKNOWLEDGEMENTS):
            self._transmit(
                heard.mac, heard.address, Datagram(Kind.ACKNOWLEDGEMENT, said.number, said.stream_id)
            )

    def _heard(self, frame: EthernetFrame) -> Heard | None:
        try:
            packet = Ipv4Packet.parse(frame.payload)
            if packet.destination != self.port.routing.local:
                return None
            return Heard(frame.source, packet.source, Datagram.parse(udp_payload(packet)))
        except Malformed:
            return None

    def _take_arp(self, frame: EthernetFrame) -> None:
        own = self.port.routing.local
        try:
            arp = ArpPacket.parse(frame.payload)
        except Malformed:
            return
        if arp.target_ipv4 != own:
            return
        self._macs[arp.sender_ipv4] = arp.sender_mac
        if arp.operation is ArpOperation.REQUEST:
            reply = ArpPacket(ArpOperation.REPLY, self.port.mac, own, arp.sender_mac, arp.sender_ipv4)
            self._transmit_arp(arp.sender_mac, reply)

    def _mac_towards(self, address: IPv4Address) -> Mac:
        """The MAC of the peer, or of the gateway that leads to it."""
        if address in self._macs:
            return self._macs[address]
        next_hop = self.port.routing.next_hop(address)
        if isinstance(next_hop, NoNextHop):
            raise LoadError(self.role, f"{address} is {next_hop.value} from {self.port.routing.local}")
        end_ns = time.monotonic_ns() + PATIENCE_NS
        question = ArpPacket(
            ArpOperation.REQUEST, self.port.mac, self.port.routing.local, UNSPECIFIED, next_hop
        )
        while next_hop not in self._macs:
            if time.monotonic_ns() > end_ns:
                raise LoadError(self.role, f"{next_hop} does not answer ARP")
            self._transmit_arp(BROADCAST, question)
            for _ in self._listen(time.monotonic_ns() + AGAIN_NS):
                pass
        return self._macs[next_hop]

    def _transmit_arp(self, to: Mac, packet: ArpPacket) -> None:
        self.port.transmit(EthernetFrame(to, self.port.mac, EtherType.ARP, packet.emit()), self.role)

    def _transmit(self, mac: Mac, address: IPv4Address, datagram: Datagram) -> None:
        payload = datagram.emit()
        # RFC 768: a checksum of zero means none.
        header = UDP_HEADER.pack(self.udp_port, self.udp_port, UDP_HEADER.size + len(payload), 0)
        packet = Ipv4Packet(self.port.routing.local, address, PROTOCOL_UDP, header + payload)
        frame = EthernetFrame(mac, self.port.mac, EtherType.IPV4, packet.emit())
        self.port.transmit(frame, self.role)
