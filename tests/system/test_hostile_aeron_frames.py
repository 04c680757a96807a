"""Frames of Aeron's own protocol from the peer's MAC, address and port, about live streams, with corrupted
fields: they pass all of our checks and reach Aeron's sender, receiver and name resolver.

As over the kernel, what they say about their stream is believed. The driver survives, and other streams
stay whole.
"""

import random
from functools import partial

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures.aeron_frames import LiveStream, hostile_payload, live_stream
from tests.system.fixtures.frames import station
from tests.system.fixtures.namespace import packet_socket
from tests.system.fixtures.testbed import Maker, Testbed, eventually, next_port, transfer, udp
from tests.system.fixtures.topology import Wire
from tests.system.test_name_resolver import RESOLVER_PORT, knows_its_neighbour, named

pytestmark = pytest.mark.usefixtures("dpdk_only")

ENDLESS = {"messages": 10**9, "min": 100, "max": 100}
FRAME_LENGTH_MAX = 65536
FRAMES_PER_ATTACK = 400


def await_stream(wire: Wire, port: int) -> tuple[LiveStream, int]:
    """The stream whose data goes to that UDP port, and the port it comes from."""
    with packet_socket(wire.peer.namespace, wire.peer.interface) as tap:
        tap.settimeout(20)
        while True:
            frame = Ether(tap.recv(FRAME_LENGTH_MAX))
            if UDP in frame and frame[UDP].dport == port and (seen := live_stream(bytes(frame[UDP].payload))):
                return seen, frame[UDP].sport


def forged(testbed: Testbed, sport: int, dport: int, payload: bytes) -> bytes:
    ours, peer = testbed.ours.end, testbed.peer.end
    ways = IP(src=peer.address, dst=ours.address) / UDP(sport=sport, dport=dport, chksum=0)
    return bytes(Ether(src=peer.mac, dst=ours.mac) / ways / Raw(payload))


def test_spoiled_frames_of_aerons_protocol_stop_neither_the_driver_nor_another_stream(
    maker: Maker, wire: Wire, pytestconfig: pytest.Config
) -> None:
    dice = random.Random(pytestconfig.getoption("--soak-seed"))
    ours = maker.ours(wire.ours, "forged-ours", **named("left", wire.ours, wire.peer))
    peer = maker.kernel(wire.peer, "forged-peer", **named("right", wire.peer, wire.ours))
    testbed = Testbed(wire, ours, peer)
    try:
        testbed.start()
        eventually(partial(knows_its_neighbour, ours), "the resolver is at work")
        inwards, outwards = next_port(), next_port()
        for source, sink, port in ((peer, ours, inwards), (ours, peer, outwards)):
            sink.client("subscribe", channel=udp(sink.address, port), **ENDLESS)
            source.client("publish", channel=udp(sink.address, port), interval_us=2000, **ENDLESS)
        received, their_port = await_stream(wire, inwards)
        sent, our_port = await_stream(wire, outwards)
        targets = (
            (received, their_port, inwards),
            (sent, outwards, our_port),
            (sent, RESOLVER_PORT, RESOLVER_PORT),
        )
        with station(wire.peer) as attacker:
            for _ in range(FRAMES_PER_ATTACK * pytestconfig.getoption("--attacks")):
                about, sport, dport = dice.choice(targets)
                attacker.send(forged(testbed, sport, dport, hostile_payload(dice, about)))
        assert ours.is_running, ours.output
        for source, sink in ((peer, ours), (ours, peer)):
            transfer(source, sink, udp(sink.address, next_port()), messages=300, max=3000)
        assert ours.stop() == 0, ours.output
    finally:
        testbed.discard()
