"""What other hosts on the wire see of a port that the kernel has given up: ARP and ping, and no
gullibility."""

import struct
from collections.abc import Iterator

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import Maker, eventually, next_port, transfer, udp
from tests.system.fixtures.topology import Wire

pytestmark = pytest.mark.usefixtures("dpdk_only")

BROADCAST = "ff:ff:ff:ff:ff:ff"
EVIL = "02:66:66:66:66:66"
WHO_HAS, IS_AT = 1, 2


@pytest.fixture(scope="module")
def quiet_wire(maker: Maker) -> Iterator[Wire]:
    with topology.straight("quiet", is_ours_kernel=maker.is_ours_kernel) as wire:
        yield wire


@pytest.fixture(scope="module")
def ours(maker: Maker, quiet_wire: Wire) -> Iterator[Driver]:
    driver = maker.ours(quiet_wire.ours, "quiet-ours")
    driver.start()
    yield driver
    driver.discard()


@pytest.fixture
def host(quiet_wire: Wire, ours: Driver) -> Iterator[Station]:
    """Scapy on the peer's end, in addition to the peer's own kernel."""
    with station(quiet_wire.peer) as opened:
        opened.drain()
        yield opened


def who_has(host: Station, target: str, *, sender_ip: str = "", destination: str = BROADCAST) -> Packet:
    return Ether(src=host.end.mac, dst=destination) / ARP(
        op=WHO_HAS,
        hwsrc=host.end.mac,
        psrc=sender_ip or host.end.address,
        hwdst="00:00:00:00:00:00",
        pdst=target,
    )


def is_answer_about(address: str, packet: Packet) -> bool:
    return ARP in packet and packet[ARP].op == IS_AT and packet[ARP].psrc == address


def ping_of(host: Station, ours: Driver, payload: bytes = b"are you there?") -> Packet:
    return (
        Ether(src=host.end.mac, dst=ours.end.mac)
        / IP(src=host.end.address, dst=ours.address)
        / ICMP(type=8, id=0x4144, seq=7)
        / Raw(payload)
    )


def test_the_kernel_on_the_other_side_can_ping_us(quiet_wire: Wire, ours: Driver) -> None:
    said = quiet_wire.peer.namespace.run("ping", "-c", "3", "-i", "0.2", "-w", "20", ours.address)
    assert " 3 received" in said


def test_a_ping_that_fills_the_link_is_answered(quiet_wire: Wire, ours: Driver) -> None:
    said = quiet_wire.peer.namespace.run("ping", "-c", "1", "-s", "1472", "-w", "20", ours.address)
    assert " 1 received" in said


def test_an_echo_reply_returns_what_was_sent(host: Station, ours: Driver) -> None:
    host.send(ping_of(host, ours, b"\x00\xff" * 33))
    answer = host.await_frame(
        lambda packet: ICMP in packet and packet[ICMP].type == 0 and packet[ICMP].id == 0x4144
    )
    assert answer is not None
    assert (answer.src, answer.dst) == (ours.end.mac, host.end.mac)
    assert (answer[IP].src, answer[IP].dst) == (ours.address, host.end.address)
    assert answer[ICMP].seq == 7
    assert bytes(answer[ICMP].payload)[:66] == b"\x00\xff" * 33
    # Scapy computes missing checksums: both must come out as they were received.
    rebuilt = IP(bytes(answer[IP]))
    del rebuilt.chksum, rebuilt[ICMP].chksum
    assert bytes(IP(bytes(rebuilt))) == bytes(answer[IP])[: answer[IP].len]


@pytest.mark.parametrize("destination", [BROADCAST, "02:ad:00:00:00:01"], ids=["broadcast", "unicast"])
def test_a_question_for_our_address_is_answered(host: Station, ours: Driver, destination: str) -> None:
    host.send(who_has(host, ours.address, destination=destination))
    answer = host.await_frame(lambda packet: is_answer_about(ours.address, packet))
    assert answer is not None
    assert (answer.src, answer.dst) == (ours.end.mac, host.end.mac)
    assert answer[ARP].hwsrc == ours.end.mac
    assert (answer[ARP].hwdst, answer[ARP].pdst) == (host.end.mac, host.end.address)


def test_a_probe_before_an_address_is_taken_is_answered(host: Station, ours: Driver) -> None:
    """RFC 5227 §2.1.1: the sender has no address yet, but its question must be answered."""
    host.send(who_has(host, ours.address, sender_ip="0.0.0.0"))
    assert host.await_frame(lambda packet: is_answer_about(ours.address, packet)) is not None


def test_questions_for_other_addresses_are_left_alone(host: Station, ours: Driver) -> None:
    host.send(who_has(host, "10.91.0.77"), who_has(host, "10.91.0.0"), who_has(host, "10.91.0.255"))
    host.send(who_has(host, ours.address))
    first = host.await_frame(lambda packet: ARP in packet and packet[ARP].op == IS_AT)
    assert first is not None
    assert first[ARP].psrc == ours.address


def test_the_address_is_announced_at_start(maker: Maker, wire: Wire) -> None:
    driver = maker.ours(wire.ours, "announcing")
    with station(wire.peer) as host:
        try:
            driver.start()
            announced = host.await_frame(
                lambda packet: ARP in packet and packet[ARP].psrc == packet[ARP].pdst == driver.address
            )
        finally:
            driver.discard()
    assert announced is not None
    assert (announced.dst, announced[ARP].hwsrc) == (BROADCAST, wire.ours.mac)


def setup_frame(stream_id: int, session_id: int) -> bytes:
    """How a publisher opens a stream: aeron_setup_header_t (protocol/aeron_udp_protocol.h), 1 MiB terms."""
    frame_type_setup, term_length, mtu = 5, 1 << 20, 1408
    return struct.pack(
        "<iBBHiiiiiiii", 40, 0, 0, frame_type_setup, 0, session_id, stream_id, 0, 0, term_length, mtu, 0
    )


def test_the_first_status_message_does_not_wait_for_arp(ours: Driver, host: Station) -> None:
    """ARP for 10.91.0.66 is never answered: its MAC is known only from the frame that opened the stream."""
    source_mac, port = "02:ad:00:00:00:66", next_port()
    ours.client("subscribe", channel=udp(ours.address, port), stream=66, patient=True).await_event("ready")
    opening = IP(src="10.91.0.66", dst=ours.address) / UDP(sport=30066, dport=port) / Raw(setup_frame(66, 1))
    host.send(Ether(src=source_mac, dst=ours.end.mac) / opening)
    status = host.await_frame(lambda packet: UDP in packet and packet[IP].dst == "10.91.0.66")
    ours.reap()
    assert status is not None
    assert (status.dst, status[UDP].dport) == (source_mac, 30066)


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(
            ARP(op=IS_AT, hwsrc=EVIL, psrc="10.91.0.2", pdst="10.91.0.1", hwdst="02:ad:00:00:00:01"),
            id="reply",
        ),
        pytest.param(
            ARP(op=IS_AT, hwsrc=EVIL, psrc="10.91.0.2", pdst="10.91.0.2", hwdst=BROADCAST), id="gratuitous"
        ),
        pytest.param(ARP(op=WHO_HAS, hwsrc=EVIL, psrc="10.91.0.2", pdst="10.91.0.1"), id="request"),
    ],
)
def test_a_forged_claim_to_a_peers_address_draws_no_traffic(
    maker: Maker, quiet_wire: Wire, ours: Driver, host: Station, lie: Packet
) -> None:
    peer = maker.kernel(quiet_wire.peer, "poisoned-peer")
    try:
        peer.start()
        transfer(ours, peer, udp(peer.address, next_port()), messages=20, max=1000)
        host.drain()
        host.send(*[Ether(src=EVIL, dst=quiet_wire.ours.mac) / lie] * 3)
        transfer(ours, peer, udp(peer.address, next_port()), messages=200, max=1000)
    finally:
        peer.discard()
    seen = [packet for packet in host.received(0.2) if UDP in packet]
    assert len(seen) > 0
    assert [packet for packet in seen if packet.dst == EVIL] == []


@pytest.mark.parametrize("mac", [BROADCAST, "01:00:5e:00:00:01", "00:00:00:00:00:00"])
def test_no_neighbour_is_reached_at_a_group_or_null_address(
    maker: Maker, quiet_wire: Wire, ours: Driver, host: Station, mac: str
) -> None:
    """ARP for 10.91.0.50 is answered with a MAC that no host can have: Aeron frames must not be sent to
    it."""
    publisher = ours.client("publish", channel=udp("10.91.0.50", next_port()), timeout_ms=1500)
    publisher.await_event("ready")
    asked = host.await_frame(lambda packet: ARP in packet and packet[ARP].pdst == "10.91.0.50")
    assert asked is not None
    claim = ARP(op=IS_AT, hwsrc=mac, psrc="10.91.0.50", pdst=ours.address, hwdst=ours.end.mac)
    host.send(Ether(src=host.end.mac, dst=ours.end.mac) / claim)
    assert publisher.await_event("no subscriber")["publications"][0]["messages"] == 0
    assert [packet for packet in host.received(0.2) if UDP in packet and packet[IP].dst == "10.91.0.50"] == []
    ours.reap()


def test_a_flood_of_questions_is_answered_in_measure_and_the_streams_go_on(
    maker: Maker, quiet_wire: Wire, ours: Driver, host: Station
) -> None:
    peer = maker.kernel(quiet_wire.peer, "flooding-peer")
    question = bytes(who_has(host, ours.address))
    before = ours.counters().labelled("dpdk-arp-replies-sent")
    try:
        peer.start()
        subscriber = ours.client(
            "subscribe", channel=(channel := udp(ours.address, next_port())), messages=2000, max=1000
        )
        subscriber.await_event("ready")
        publisher = peer.client("publish", channel=channel, messages=2000, max=1000)
        publisher.await_event("connected")
        for _ in range(5000):
            host.send(question)
        [sent] = publisher.finish()["publications"]
        [received] = subscriber.finish()["subscriptions"]
        assert received["sources"][0]["digest"] == sent["digest"]
    finally:
        peer.discard()
        ours.reap()
    eventually(
        lambda: ours.counters().labelled("dpdk-arp-replies-sent") > before, "some question is answered"
    )
    assert ours.counters().labelled("dpdk-arp-replies-sent") - before < 5000
    host.drain()
    host.send(ping_of(host, ours))
    assert host.await_frame(lambda packet: ICMP in packet and packet[ICMP].type == 0) is not None
