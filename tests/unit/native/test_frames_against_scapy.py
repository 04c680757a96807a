"""Scapy as oracle for the C side: we read its frames as it does, and send the frames that it would make.

The real stack runs between two captures, in a program of its own (tests/native/pcap_exchange_test.c).
"""

import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import RawPcapReader, RawPcapWriter
from tests.fuzz.seeds import (
    CONTROL,
    DELIVERED,
    LOCAL_IPV4,
    LOCAL_MAC,
    LOCAL_PORT,
    PEER_IPV4,
    PEER_MAC,
    PEER_PORT,
    SEEDS,
    Seed,
)

PROGRAM = Path(__file__).parents[3] / "build/native/tests/native/pcap_exchange_test"
ETHERNET = 1  # LINKTYPE_ETHERNET
FAR_IPV4, GATEWAY_MAC = "203.0.113.7", "02:00:00:00:00:01"
LENGTHS = (0, 1, 2, 3, 31, 32, 33, 255, 256, 1023, 1024, 1407, 1408, 1471, 1472)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Aeron's receive function was called with."""

    source: str
    port: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the stack reports about the frames of a capture, and the frames that it sent."""

    delivered: list[Delivery]
    control: list[bytes]
    counts: dict[str, int]
    sent: list[bytes]


def frames_in(capture: Path) -> list[bytes]:
    with RawPcapReader(str(capture)) as reader:
        return [bytes(frame) for frame, _ in reader]


def exchange(folder: Path, frames: Sequence[bytes], lengths: Sequence[int] = ()) -> Exchange:
    # Named relative to the folder, since the EAL accepts only 128 characters of device arguments.
    received, sent = folder / "in.pcap", folder / "out.pcap"
    with RawPcapWriter(str(received), linktype=ETHERNET) as writer:
        writer.write_header(None)
        for frame in frames:
            writer.write_packet(frame)
    command = [str(PROGRAM), received.name, sent.name, *map(str, lengths)]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"

    lines = [line.split(" ") for line in run.stdout.splitlines()]
    return Exchange(
        delivered=[
            Delivery(line[1], int(line[2]), bytes.fromhex(line[3]))
            for line in lines
            if line[0] == "delivered"
        ],
        control=[bytes.fromhex(line[1]) for line in lines if line[0] == "control"],
        counts={line[1]: int(line[2]) for line in lines if line[0] == "count"},
        sent=frames_in(sent),
    )


def delivery_of(frame: bytes) -> Delivery:
    """The delivery that scapy's reading leads to; the payload ends where the UDP length says."""
    udp = Ether(frame)[UDP]
    return Delivery(Ether(frame)[IP].src, udp.sport, bytes(udp)[8 : udp.len])


def with_fate(fate: str) -> list[Seed]:
    return [seed for seed in SEEDS if seed.fate == fate]


@pytest.fixture(scope="module")
def all_at_once(tmp_path_factory: pytest.TempPathFactory) -> Exchange:
    return exchange(tmp_path_factory.mktemp("pcap"), [seed.frame for seed in SEEDS], LENGTHS)


def test_each_datagram_is_delivered_as_scapy_reads_it(all_at_once: Exchange) -> None:
    assert all_at_once.delivered == [delivery_of(seed.frame) for seed in with_fate(DELIVERED)]


def test_frames_for_the_control_plane_arrive_there_unchanged(all_at_once: Exchange) -> None:
    assert all_at_once.control == [seed.frame for seed in with_fate(CONTROL)]


def test_each_frame_ends_in_the_one_count_of_its_fate(all_at_once: Exchange) -> None:
    fates = Counter(seed.fate for seed in SEEDS if seed.fate not in (DELIVERED, CONTROL))
    expected = fates | {"rx-packets": len(SEEDS), "rx-bytes": sum(len(seed.frame) for seed in SEEDS)}
    assert {name: n for name, n in all_at_once.counts.items() if n} == expected


def expected_frame(mac: str, ipv4: str, payload: bytes) -> bytes:
    ip = IP(src=LOCAL_IPV4, dst=ipv4, id=0, flags="DF", ttl=64)
    udp = UDP(sport=LOCAL_PORT, dport=PEER_PORT)
    return bytes(Ether(dst=mac, src=LOCAL_MAC) / ip / udp / Raw(payload))


def sent_payload(length: int) -> bytes:
    """As batch_fill() in tests/native/sending.h: the length as a number, then payload_byte()."""
    body = bytes((i * 167 + (i >> 8) + 1) & 0xFF for i in range(4, length))
    return (length.to_bytes(4, "big") + body)[:length]


def test_each_frame_we_send_is_byte_for_byte_the_one_that_scapy_makes(all_at_once: Exchange) -> None:
    peers = ((PEER_MAC, PEER_IPV4), (GATEWAY_MAC, FAR_IPV4))
    expected = [expected_frame(*peer, sent_payload(length)) for length in LENGTHS for peer in peers]
    assert all_at_once.sent == expected


def test_a_datagram_longer_than_an_mbuf_arrives_in_one_piece(tmp_path: Path) -> None:
    ip = IP(src=PEER_IPV4, dst=LOCAL_IPV4) / UDP(sport=PEER_PORT, dport=LOCAL_PORT)
    frame = bytes(Ether(dst=LOCAL_MAC, src=PEER_MAC) / ip / Raw(bytes(i % 251 for i in range(8973))))
    assert exchange(tmp_path, [frame]).delivered == [delivery_of(frame)]
