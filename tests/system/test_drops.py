"""A frame that is not ours, not whole or not well-formed is counted once, under the name of its fault."""

from collections.abc import Callable, Iterator

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from tests.system.bed import topology
from tests.system.bed.bed import Maker, eventually
from tests.system.bed.counters import Snapshot
from tests.system.bed.driver import Driver
from tests.system.bed.frames import Station, station

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS, PEER = "10.91.0.1", "10.91.0.2"
OUR_MAC, PEER_MAC = "02:ad:00:00:00:01", "02:ad:00:00:00:02"
DATA_HEADER = bytes(32)
REASONS = (
    "rx-truncated", "rx-not-our-mac", "rx-ethertype", "rx-ipv4-header", "rx-ipv4-checksum", "rx-fragment",
    "rx-not-our-address", "rx-martian-source", "rx-protocol", "rx-udp-header", "rx-udp-checksum", "rx-no-endpoint",
)  # fmt: skip


def frame(*, mac: str = OUR_MAC, **ip: object) -> Packet:
    header = IP(**{"src": PEER, "dst": OURS, **ip})
    return Ether(src=PEER_MAC, dst=mac) / header / UDP(sport=40000, dport=20990) / Raw(DATA_HEADER)


def with_udp(**fields: object) -> Packet:
    return Ether(src=PEER_MAC, dst=OUR_MAC) / IP(src=PEER, dst=OURS) / UDP(dport=20990, **fields) / Raw(DATA_HEADER)


def cut(length: int) -> bytes:
    return bytes(frame())[:length]


def flipped(offset: int) -> bytes:
    whole = bytearray(bytes(frame()))
    whole[offset] ^= 0x10
    return bytes(whole)


FAULTS: list[tuple[str, str, Callable[[], Packet | bytes]]] = [
    ("cut in the IPv4 header", "rx-truncated", lambda: cut(14 + 12)),
    ("cut in the payload", "rx-truncated", lambda: cut(14 + 20 + 8 + 5)),
    ("to another MAC", "rx-not-our-mac", lambda: frame(mac="02:ad:00:00:00:99")),
    ("of an experimental ethertype", "rx-ethertype", lambda: Ether(src=PEER_MAC, dst=OUR_MAC, type=0x88B5) / Raw(bytes(60))),
    ("with a header of four words", "rx-ipv4-header", lambda: frame(ihl=4)),
    ("of version 6 under the ethertype of 4", "rx-ipv4-header", lambda: frame(version=6)),
    ("with a bit flipped in the header", "rx-ipv4-checksum", lambda: flipped(14 + 8)),
    ("that begins a fragmented datagram", "rx-fragment", lambda: frame(flags="MF")),
    ("that continues a fragmented datagram", "rx-fragment", lambda: frame(frag=10)),
    ("to another address", "rx-not-our-address", lambda: frame(dst="10.91.0.77")),
    ("from a multicast address", "rx-martian-source", lambda: frame(src="224.0.0.1")),
    ("from the loopback net", "rx-martian-source", lambda: frame(src="127.0.0.1")),
    ("of TCP", "rx-protocol", lambda: Ether(src=PEER_MAC, dst=OUR_MAC) / IP(src=PEER, dst=OURS) / TCP(dport=20990)),
    ("with a UDP length below its header's", "rx-udp-header", lambda: with_udp(len=7)),
    ("with a UDP length beyond the datagram", "rx-udp-header", lambda: with_udp(len=200)),
    ("with a wrong UDP checksum", "rx-udp-checksum", lambda: with_udp(chksum=0x1234)),
    ("with a bit flipped in the payload", "rx-udp-checksum", lambda: flipped(14 + 20 + 8 + 3)),
    ("to a port nobody has", "rx-no-endpoint", frame),
]  # fmt: skip


@pytest.fixture(scope="module", params=["af_packet", "tap"])
def quiet(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[Driver, Station]]:
    """Our driver and nobody else: only what a test sends is on the wire."""
    if request.param == "tap":
        with maker.tap("drops") as (driver, kernel), station(kernel) as host:
            yield driver, host
        return
    with topology.straight("drops", is_ours_kernel=maker.is_ours_kernel) as wire:
        ours = maker.ours(wire.ours, "drops-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def reasons(snapshot: Snapshot) -> dict[str, int]:
    return {reason: snapshot.labelled(f"dpdk-{reason}") for reason in REASONS}


@pytest.mark.parametrize(
    ("fault", "reason", "build"), FAULTS, ids=[fault.replace(" ", "_") for fault, _, _ in FAULTS]
)
def test_a_bad_frame_is_counted_once_under_its_fault(
    quiet: tuple[Driver, Station], fault: str, reason: str, build: Callable[[], Packet | bytes]
) -> None:
    if reason == "rx-fragment" and "af_packet" in quiet[0].command()[-2]:
        pytest.skip("the af_packet PMD has the kernel put fragments together (PACKET_FANOUT_FLAG_DEFRAG)")
    driver, host = quiet
    before = reasons(driver.counters())
    host.send(build())
    eventually(lambda: reasons(driver.counters())[reason] != before[reason], f"a frame {fault} is counted as {reason}")
    after = reasons(driver.counters())
    assert {name: after[name] - before[name] for name in REASONS if after[name] != before[name]} == {reason: 1}


def test_padding_of_a_short_frame_is_not_taken_for_data(quiet: tuple[Driver, Station]) -> None:
    """Ethernet pads to 60 bytes: the datagram ends where IPv4 says, so the frame is good and only its port unknown."""
    driver, host = quiet
    before = reasons(driver.counters())
    short = Ether(src=PEER_MAC, dst=OUR_MAC) / IP(src=PEER, dst=OURS) / UDP(dport=20990) / Raw(b"x")
    host.send(bytes(short) + bytes(60 - len(bytes(short))))
    eventually(lambda: reasons(driver.counters()) != before, "the padded frame is counted")
    assert reasons(driver.counters()) == {**before, "rx-no-endpoint": before["rx-no-endpoint"] + 1}
