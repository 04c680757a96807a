"""The texts that ping and pong exchange without Aeron, over a wire that loses frames."""

import random
from collections import deque
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from threading import Thread

import pytest

from aeron_dpdk.control.routing import Routing
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.hosts import floor_link
from aeron_dpdk.tools.hosts.floor_link import MAGIC, Datagram, FloorLink, Kind
from aeron_dpdk.tools.hosts.request import LAST_STREAM_ID, Place
from aeron_dpdk.tools.measure.job import PhaseReport, Role
from aeron_dpdk.tools.measure.load_thread import PhaseOrder
from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, EtherType, Mac
from aeron_dpdk.wire.packet import Malformed

HERE, THERE = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")
UDP_PORT = 20123
SECOND_NS = 10**9


@dataclass
class Wire:
    """One end. What it transmits goes to the other end's `arrived`, except for the share that is lost."""

    address: IPv4Address
    mac: Mac
    gateway: IPv4Address | None = None
    loss: random.Random | None = None
    arrived: deque[EthernetFrame] = field(default_factory=deque)
    sent: list[EthernetFrame] = field(default_factory=list)
    other: "Wire | None" = None

    @property
    def routing(self) -> Routing:
        return Routing(self.address, 24, self.gateway)

    def begin(self, role: Role) -> None: ...

    def stop(self) -> None: ...

    def transmit(self, frame: EthernetFrame, role: Role) -> None:
        self.sent.append(frame)
        if self.other is not None and (self.loss is None or self.loss.random() > 0.4):
            self.other.arrived.append(frame)

    def receive(self, role: Role) -> EthernetFrame | None:
        return self.arrived.popleft() if self.arrived else None

    def measure(self, order: PhaseOrder, mac: Mac, peer: IPv4Address, udp_port: int) -> PhaseReport:
        raise NotImplementedError


def ends(seed: int | None = None) -> tuple[Wire, Wire]:
    loss = None if seed is None else random.Random(seed)
    one, other = Wire(HERE, Mac(b"\x02\0\0\0\0\1"), loss=loss), Wire(THERE, Mac(b"\x02\0\0\0\0\2"), loss=loss)
    one.other, other.other = other, one
    return one, other


@pytest.mark.parametrize("seed", range(5))
def test_every_text_arrives_once_and_in_order_whatever_is_lost(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor_link, "AGAIN_NS", SECOND_NS // 100)
    one, other = ends(seed)
    client, server = FloorLink(one, Role.CLIENT, UDP_PORT), FloorLink(other, Role.SERVER, UDP_PORT)
    texts = [f"text {number}" for number in range(6)]
    heard: list[str] = []

    def answer() -> None:
        for text in texts:
            heard.append(server.hear(Place(THERE, UDP_PORT), 1, 30 * SECOND_NS))
            server.say(Place(HERE, UDP_PORT), 2, text.upper())

    thread = Thread(target=answer)
    thread.start()
    for text in texts:
        client.say(Place(THERE, UDP_PORT), 1, text)
        assert client.hear(Place(HERE, UDP_PORT), 2, 30 * SECOND_NS) == text.upper()
    # The server may repeat its last answer, whose acknowledgement was lost.
    while thread.is_alive():
        with pytest.raises(LoadError):
            client.hear(Place(HERE, UDP_PORT), 3, SECOND_NS // 50)
    assert heard == texts


def test_an_arp_request_for_our_address_is_answered() -> None:
    one, other = ends()
    question = ArpPacket(ArpOperation.REQUEST, other.mac, THERE, UNSPECIFIED, HERE)
    one.arrived.append(EthernetFrame(BROADCAST, other.mac, EtherType.ARP, question.emit()))
    with pytest.raises(LoadError, match="nothing was heard"):
        FloorLink(one, Role.SERVER, UDP_PORT).hear(Place(HERE, UDP_PORT), 1, SECOND_NS // 100)
    (frame,) = one.sent
    assert frame.destination == other.mac
    assert ArpPacket.parse(frame.payload) == ArpPacket(ArpOperation.REPLY, one.mac, HERE, other.mac, THERE)


def test_a_peer_beyond_the_gateway_is_reached_by_the_gateways_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_link, "PATIENCE_NS", SECOND_NS // 100)
    gateway = IPv4Address("10.0.0.254")
    one, _ = ends()
    one.gateway, mac = gateway, Mac(b"\x02\0\0\0\0\xfe")
    reply = ArpPacket(ArpOperation.REPLY, mac, gateway, one.mac, HERE)
    one.arrived.append(EthernetFrame(one.mac, mac, EtherType.ARP, reply.emit()))
    with pytest.raises(LoadError, match="has not answered"):
        FloorLink(one, Role.CLIENT, UDP_PORT).say(Place(IPv4Address("192.0.2.1"), UDP_PORT), 1, "text")
    question, *texts = one.sent
    assert ArpPacket.parse(question.payload).target_ipv4 == gateway
    assert {frame.destination for frame in texts} == {mac}


def test_a_peer_without_a_route_or_an_answer_to_arp_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_link, "PATIENCE_NS", SECOND_NS // 100)
    one, _ = ends()
    link = FloorLink(one, Role.CLIENT, UDP_PORT)
    with pytest.raises(LoadError, match="192.0.2.1 is unreachable"):
        link.say(Place(IPv4Address("192.0.2.1"), UDP_PORT), 1, "text")
    with pytest.raises(LoadError, match=f"{THERE} does not answer ARP"):
        link.say(Place(THERE, UDP_PORT), 1, "text")


def test_a_frame_of_a_phase_is_never_taken_for_a_text() -> None:
    assert MAGIC > LAST_STREAM_ID
    with pytest.raises(Malformed):
        Datagram.parse(LAST_STREAM_ID.to_bytes(4, "little") + bytes(60))
    datagram = Datagram(Kind.TEXT, 7, 1, b"text")
    assert Datagram.parse(datagram.emit()) == datagram
