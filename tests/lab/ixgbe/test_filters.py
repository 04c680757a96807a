"""Frames find their queue: each filter of the device, and its precedence."""

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from tests.lab.ixgbe import filters
from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.bench import MAC, PEER, Bench
from tests.lab.ixgbe.packet import dissect

OURS, THEIRS = "10.99.9.1", "10.99.9.2"
# Microsoft, "Verifying the RSS Hash Calculation": the key, and two of the vectors over IPv4 with ports.
RSS_KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa")
RSS_VECTORS = (
    ("66.9.149.187", 2794, "161.142.100.80", 1766, 0x51CCC178),
    ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xC626B0EA),
)


def mac(value: bytes) -> str:
    return value.hex(":")


def udp(port: int, source_port: int = 4000, source: str = THEIRS, destination: str = OURS) -> bytes:
    ether = Ether(src=mac(PEER), dst=mac(MAC))
    return bytes(ether / IP(src=source, dst=destination) / UDP(sport=source_port, dport=port) / b"payload")


def add_five_tuple(bench: Bench, index: int, *, port: int, queue: int, priority: int = 1) -> None:
    """Like DPDK's ixgbe_inject_5tuple_filter, for a rule over destination address, port and UDP."""
    any_of = 0b00101
    bench.set(r.DAQF + 4 * index, struct.unpack("<I", IPv4Address(OURS).packed)[0])
    bench.set(r.SDPQF + 4 * index, struct.unpack("<I", struct.pack(">HH", 0, port))[0])
    bench.set(r.L34T_IMIR + 4 * index, 1 << 19 | queue << 21)
    bench.set(r.FTQF + 4 * index, 1 << 31 | 1 << 30 | any_of << 25 | priority << 2 | 1)


def queue_of(bench: Bench, frame: bytes) -> int | None:
    before = dict(bench.nic.delivered)
    bench.nic.receive(frame)
    moved = [queue for queue, count in bench.nic.delivered.items() if count != before.get(queue, 0)]
    return moved[0] if moved else None


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    for queue in range(4):
        made.open_rx(queue, 64)
    return made


def test_only_its_own_address_is_taken(bench: Bench) -> None:
    assert queue_of(bench, udp(1)) == 0
    assert queue_of(bench, PEER + udp(1)[6:]) is None
    bench.set(r.FCTRL, r.FCTRL_UNICAST_ALL)
    assert queue_of(bench, PEER + udp(1)[6:]) == 0


def test_broadcast_and_multicast_are_taken_where_the_driver_says_so(bench: Bench) -> None:
    broadcast, multicast = b"\xff" * 6 + udp(1)[6:], bytes.fromhex("01005e010203") + udp(1)[6:]
    assert queue_of(bench, broadcast) is queue_of(bench, multicast) is None
    bench.set(r.FCTRL, r.FCTRL_BROADCAST)
    assert queue_of(bench, broadcast) == 0
    # ixgbe_mta_vector with mc_filter_type 0: the upper twelve of the last sixteen bits.
    vector = (0x02 | 0x03 << 8) >> 4
    bench.set(r.MTA + 4 * (vector >> 5), 1 << (vector & 31))
    bench.set(r.MCSTCTRL, r.MCSTCTRL_ENABLE)
    assert queue_of(bench, multicast) == 0


def test_a_tag_passes_the_vlan_filter_when_its_bit_is_set(bench: Bench) -> None:
    tagged = bytes(Ether(dst=mac(MAC)) / Dot1Q(vlan=100) / IP(dst=OURS) / UDP())
    bench.set(r.VLNCTRL, r.VLNCTRL_FILTER)
    assert queue_of(bench, tagged) is None
    bench.set(r.VFTA + 4 * (100 >> 5), 1 << (100 & 31))
    assert queue_of(bench, tagged) == 0


def test_a_five_tuple_filter_steers_its_port_and_no_other(bench: Bench) -> None:
    add_five_tuple(bench, 5, port=20121, queue=1)
    assert queue_of(bench, udp(20121)) == 1
    assert queue_of(bench, udp(20122)) == 0
    assert queue_of(bench, udp(20121, destination=THEIRS)) == 0
    tcp = bytes(Ether(dst=mac(MAC)) / IP(src=THEIRS, dst=OURS) / TCP(dport=20121))
    assert queue_of(bench, tcp) == 0


def test_the_five_tuple_filter_of_higher_priority_wins(bench: Bench) -> None:
    add_five_tuple(bench, 0, port=7, queue=1, priority=1)
    add_five_tuple(bench, 1, port=7, queue=2, priority=3)
    assert queue_of(bench, udp(7)) == 2


def test_a_fragment_matches_no_filter_over_ports(bench: Bench) -> None:
    add_five_tuple(bench, 0, port=7, queue=1)
    fragment = bytes(Ether(dst=mac(MAC)) / IP(src=THEIRS, dst=OURS, flags="MF") / UDP(dport=7) / b"1234")
    assert queue_of(bench, fragment) == 0


def flow(bench: Bench, *, port: int, queue: int, identifier: int = 1) -> None:
    """A perfect filter over the destination port alone, as ixgbe_fdir.c of DPDK programs it."""
    bench.set(r.FDIRCTRL, r.FDIRCTRL_PERFECT)
    for mask in (r.FDIRSIP4M, r.FDIRDIP4M):
        bench.set(mask, 0xFFFFFFFF)
    bench.set(r.FDIRUDPM, 0x0000FFFF)
    bench.set(r.FDIRPORT, port << 16)
    bench.set(r.FDIRHASH, identifier << 16)
    bench.set(r.FDIRCMD, 1 | 1 << 5 | 1 << 15 | queue << 16)


def test_a_perfect_filter_steers_and_can_be_removed(bench: Bench) -> None:
    flow(bench, port=20121, queue=3)
    assert bench.nic.read(r.FDIRCTRL) & r.FDIRCTRL_INIT_DONE
    assert queue_of(bench, udp(20121)) == 3
    assert queue_of(bench, udp(20122)) == 0
    assert (bench.nic.read(r.FDIRMATCH), bench.nic.read(r.FDIRMISS)) == (1, 1)
    bench.set(r.FDIRCMD, 2)
    assert queue_of(bench, udp(20121)) == 0


def test_a_five_tuple_filter_goes_before_flow_director(bench: Bench) -> None:
    flow(bench, port=7, queue=3)
    add_five_tuple(bench, 0, port=7, queue=1)
    assert queue_of(bench, udp(7)) == 1


@pytest.mark.parametrize(("source", "source_port", "destination", "port", "expected"), RSS_VECTORS)
def test_the_rss_hash_is_microsofts(
    source: str, source_port: int, destination: str, port: int, expected: int
) -> None:
    data = IPv4Address(source).packed + IPv4Address(destination).packed
    assert filters.toeplitz(RSS_KEY, data + struct.pack(">HH", source_port, port)) == expected


@settings(deadline=None)
@given(st.integers(1, 65535), st.integers(1, 65535))
def test_rss_keeps_a_flow_in_one_queue_by_its_redirection_table(source_port: int, port: int) -> None:
    bench = Bench()
    for queue in range(4):
        bench.open_rx(queue)
    for index in range(10):
        bench.set(r.RSSRK + 4 * index, struct.unpack_from("<I", RSS_KEY, 4 * index)[0])
    for index in range(32):
        bench.set(r.RETA + 4 * index, 0x03020100)
    bench.set(r.MRQC, 1 | filters.RSS_IPV4_UDP)
    frame = udp(port, source_port)
    value, kind = filters.rss(frame, dissect(frame), bench.nic.registers)
    assert kind == 7
    assert queue_of(bench, frame) == queue_of(bench, frame) == (value & 0x7F) % 4
