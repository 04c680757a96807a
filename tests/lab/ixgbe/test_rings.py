"""Frames through rings: descriptors, checksums both ways, frames in several buffers, and full rings."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from tests.lab.ixgbe import receive, transmit
from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe import statistics as s
from tests.lab.ixgbe.bench import BUFFERS, MAC, PEER, RING, Bench
from tests.lab.ixgbe.packet import ones_sum, pseudo_header_sum
from tests.lab.ixgbe.test_filters import OURS, THEIRS, add_five_tuple, mac, udp

ETHERNET = Ether(src=mac(PEER), dst=mac(MAC))
DATA = transmit.EXTENDED | 3 << 20 | transmit.REPORT


def checksums(frame: bytes) -> tuple[bool, bool]:
    """What the device reports about a frame's IPv4 and UDP checksums."""
    bench = Bench()
    bench.open_rx(0)
    bench.nic.receive(frame)
    _, status = bench.received(0, 0)
    assert status & receive.IPV4_CHECKED
    assert status & receive.L4_CHECKED
    return not status & receive.IPV4_ERROR, not status & receive.L4_ERROR


def test_good_checksums_are_good_and_wrong_ones_wrong() -> None:
    good = udp(7)
    assert checksums(good) == (True, True)
    assert checksums(good[:24] + b"\x12\x34" + good[26:]) == (False, True)
    assert checksums(good[:40] + b"\x12\x34" + good[42:]) == (True, False)


def test_a_udp_checksum_of_zero_is_called_wrong_as_the_erratum_has_it() -> None:
    assert checksums(udp(7)[:40] + b"\0\0" + udp(7)[42:]) == (True, False)


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=4000))
def test_a_long_frame_lies_in_buffers_in_order(payload: bytes) -> None:
    bench = Bench()
    bench.open_rx(0, kibibytes=1)
    bench.set(r.HLREG0, r.HLREG0_JUMBO | r.HLREG0_CRC_STRIP)
    bench.set(r.MAXFRS, 9018 << 16)
    frame = bytes(ETHERNET / IP(dst=OURS) / UDP() / payload).ljust(60, b"\0")
    bench.nic.receive(frame)
    pieces, status, index = b"", 0, 0
    while not status & receive.LAST:
        piece, status = bench.received(0, index)
        assert status & receive.DONE
        pieces += piece
        index += 1
    assert pieces == frame
    assert index == -(-len(frame) // 1024)


def test_a_frame_longer_than_the_limit_is_counted_and_lost() -> None:
    bench = Bench()
    bench.open_rx(0)
    bench.nic.receive(bytes(1515))
    assert bench.nic.read(s.TOO_LONG) == 1
    assert bench.nic.delivered == {}


def test_without_descriptors_a_frame_waits_and_those_for_other_queues_behind_it() -> None:
    bench = Bench()
    bench.open_rx(0, entries=8)
    bench.open_rx(1, entries=8)
    add_five_tuple(bench, 0, port=7, queue=1)
    for _ in range(9):
        bench.nic.receive(udp(1))
    bench.nic.receive(udp(7))
    assert bench.nic.delivered == {0: 7}
    bench.set(r.rx(0, r.TAIL), 1)
    assert bench.nic.delivered == {0: 9, 1: 1}


def test_a_queue_that_may_drop_stops_no_other() -> None:
    bench = Bench()
    bench.open_rx(0, entries=8, drop=True)
    bench.open_rx(1, entries=8)
    add_five_tuple(bench, 0, port=7, queue=1)
    for _ in range(9):
        bench.nic.receive(udp(1))
    bench.nic.receive(udp(7))
    assert bench.nic.delivered == {0: 7, 1: 1}
    assert bench.nic.read(s.QUEUE_DROPPED) == 2


def test_a_stripped_tag_stands_in_the_descriptor() -> None:
    bench = Bench()
    bench.open_rx(0)
    bench.set(r.rx(0, r.CONTROL), r.QUEUE_ENABLE | r.RXDCTL_VLAN_STRIP)
    bench.nic.receive(bytes(ETHERNET / Dot1Q(vlan=100) / IP(dst=OURS) / UDP() / bytes(40)))
    frame, status = bench.received(0, 0)
    assert status & receive.TAGGED
    assert Ether(frame)[IP].dst == OURS
    assert struct.unpack_from("<H", bench.bus.read(RING + 14, 2))[0] == 100


# ---- out ----


def context(*, is_tcp: bool = False, l4_length: int = 0, segment_size: int = 0, vlan: int = 0) -> bytes:
    kind = transmit.EXTENDED | 2 << 20 | 1 << 10 | is_tcp << 11
    return struct.pack("<4I", vlan << 16 | 14 << 9 | 20, 0, kind, segment_size << 16 | l4_length << 8)


def words(descriptor: bytes) -> tuple[int, int, int]:
    address, command, status = struct.unpack("<QII", descriptor)
    return address, command, status


def with_partial_checksum(frame: bytes, *, at: int) -> bytes:
    """As rte_eth_tx_prepare() leaves it: no IPv4 checksum, and the pseudo-header's sum in the UDP
    checksum."""
    ip = Ether(frame)[IP]
    length = ip.len - 20
    pseudo = pseudo_header_sum(frame[26:30], frame[30:34], ip.proto, length)
    frame = frame[:24] + b"\0\0" + frame[26:]
    return frame[:at] + struct.pack(">H", pseudo) + frame[at + 2 :]


@settings(deadline=None)
@given(st.binary(min_size=20, max_size=1400))
def test_inserted_checksums_are_scapys(payload: bytes) -> None:
    whole = bytes(ETHERNET / IP(src=OURS, dst=THEIRS) / UDP(sport=1, dport=2) / payload)
    bench = Bench()
    bench.open_tx()
    partial = with_partial_checksum(whole, at=40)
    bench.bus.write(BUFFERS, partial)
    options = transmit.IPV4_CHECKSUM | transmit.L4_CHECKSUM
    bench.transmit(words(context()), (BUFFERS, DATA | transmit.LAST | len(partial), options))
    assert bench.bus.sent == [whole]


def test_a_driver_that_leaves_no_partial_sum_sends_a_wrong_checksum() -> None:
    whole = bytes(ETHERNET / IP(src=OURS, dst=THEIRS) / UDP(sport=1, dport=2) / bytes(40))
    bench = Bench()
    bench.open_tx()
    bench.bus.write(BUFFERS, whole[:40] + b"\0\0" + whole[42:])
    bench.transmit(words(context()), (BUFFERS, DATA | transmit.LAST | len(whole), transmit.L4_CHECKSUM))
    assert bench.bus.sent != [whole]


def test_a_frame_of_several_descriptors_leaves_whole_and_each_that_asks_is_reported() -> None:
    bench = Bench()
    bench.open_tx()
    frame = bytes(range(200))
    bench.bus.write(BUFFERS, frame)
    bench.transmit((BUFFERS, DATA | 100, 0), (BUFFERS + 100, DATA | transmit.LAST | 100, 0))
    assert bench.bus.sent == [frame]
    for index in range(2):
        assert struct.unpack_from("<I", bench.bus.read(RING + 16 * index, 16), 12)[0] & transmit.DONE
    assert bench.nic.read(r.tx(0, r.HEAD)) == 2


def test_a_legacy_descriptor_inserts_one_checksum() -> None:
    bench = Bench()
    bench.open_tx()
    frame = bytes(60)
    bench.bus.write(BUFFERS, b"\x01" * 60)
    bench.transmit((BUFFERS, transmit.LAST | transmit.INSERT_CHECKSUM | 24 << 16 | 60, 14 << 8))
    assert len(bench.bus.sent[0]) == len(frame)
    assert bench.bus.sent[0][24:26] == struct.pack(">H", ~ones_sum(b"\x01" * 46) & 0xFFFF)


def test_a_short_frame_is_padded() -> None:
    bench = Bench()
    bench.open_tx()
    bench.transmit((BUFFERS, DATA | transmit.LAST | 42, 0))
    assert len(bench.bus.sent[0]) == 60


def test_a_vlan_tag_is_inserted_from_the_context() -> None:
    bench = Bench()
    bench.open_tx()
    bench.bus.write(BUFFERS, udp(7))
    bench.transmit(words(context(vlan=100)), (BUFFERS, DATA | transmit.LAST | transmit.TAG | len(udp(7)), 0))
    assert Ether(bench.bus.sent[0])[Dot1Q].vlan == 100


@pytest.mark.parametrize("is_tcp", [True, False], ids=["tcp", "udp"])
def test_segments_are_frames_that_scapy_would_build(is_tcp: bool) -> None:
    layer = TCP(sport=1, dport=2, seq=1000, flags="PA") if is_tcp else UDP(sport=1, dport=2)
    payload = bytes(range(256)) * 10
    whole = bytes(ETHERNET / IP(src=OURS, dst=THEIRS, id=7) / layer / payload)
    l4_length, at = (20, 50) if is_tcp else (8, 40)
    pseudo = pseudo_header_sum(whole[26:30], whole[30:34], 6 if is_tcp else 17, 0)
    partial = whole[:at] + struct.pack(">H", pseudo) + whole[at + 2 :]
    bench = Bench()
    bench.open_tx()
    bench.bus.write(BUFFERS, partial)
    bench.transmit(
        words(context(is_tcp=is_tcp, l4_length=l4_length, segment_size=1000)),
        (BUFFERS, DATA | transmit.SEGMENT | transmit.LAST | len(partial), transmit.L4_CHECKSUM),
    )
    assert b"".join(frame[34 + l4_length :] for frame in bench.bus.sent) == payload
    for index, frame in enumerate(bench.bus.sent):
        seen = Ether(frame)
        assert seen[IP].id == 7 + index
        if is_tcp:
            assert seen[TCP].seq == 1000 + 1000 * index
        del seen[IP].chksum, seen[TCP if is_tcp else UDP].chksum
        assert bytes(seen) == frame


def test_frames_wait_for_the_link() -> None:
    bench = Bench()
    bench.open_tx()
    bench.nic.set_carrier(is_up=False)
    bench.transmit((BUFFERS, DATA | transmit.LAST | 60, 0))
    assert bench.bus.sent == []
    bench.nic.set_carrier(is_up=True)
    assert len(bench.bus.sent) == 1


# ---- what is reported about it ----


def test_counters_say_what_passed_and_reading_clears_them() -> None:
    bench = Bench()
    bench.open_rx(0)
    bench.nic.receive(udp(7))
    bench.nic.receive(PEER + udp(7)[6:])
    assert [bench.nic.read(each) for each in (s.RX_GOOD, s.RX_TOTAL, s.RX_BYTES, s.QUEUE_RX)] == [1, 2, 64, 1]
    assert bench.nic.read(s.RX_BYTES + 4) == 0
    assert [bench.nic.read(each) for each in (s.RX_GOOD, s.RX_TOTAL, s.RX_BYTES)] == [0, 0, 0]


def test_a_queue_raises_its_own_vector_once_until_it_is_unmasked() -> None:
    bench = Bench()
    bench.open_rx(1)
    add_five_tuple(bench, 0, port=7, queue=1)
    bench.set(r.GPIE, r.GPIE_MSIX | r.GPIE_AUTO_MASK)
    bench.set(r.EIAC, 0xFFFF)
    bench.set(r.EIAM_EX, 0xFFFFFFFF)
    bench.set(r.IVAR, (0x80 | 3) << 16)
    bench.set(r.EIMS_EX, 1 << 3)
    bench.nic.receive(udp(7))
    bench.nic.receive(udp(7))
    assert bench.bus.vectors == [3]
    bench.set(r.EIMS_EX, 1 << 3)
    assert bench.bus.vectors == [3, 3]
