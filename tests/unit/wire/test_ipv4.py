import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers import igmp  # noqa: F401 - as another test of the run may have loaded it
from scapy.layers.inet import IP
from tests.unit.wire.values import ipv4_packets

from aeron_dpdk.wire.ipv4 import MIN_HEADER_LENGTH, PROTOCOL_IGMP, Ipv4Packet
from aeron_dpdk.wire.packet import Malformed, internet_checksum

PING = bytes(IP(src="10.0.0.2", dst="10.0.0.1", proto=1) / b"12345678")


def with_bytes(data: bytes, offset: int, value: bytes) -> bytes:
    """`data` with `value` at `offset`, and the header checksum right again."""
    changed = bytearray(data)
    changed[offset : offset + len(value)] = value
    changed[10:12] = bytes(2)
    header_length = max(MIN_HEADER_LENGTH, 4 * (changed[0] & 0x0F))
    changed[10:12] = struct.pack("!H", internet_checksum(bytes(changed[:header_length])))
    return bytes(changed)


@given(ipv4_packets, st.binary(max_size=30))
def test_what_is_emitted_parses_to_itself_even_when_padded(packet: Ipv4Packet, padding: bytes) -> None:
    assert Ipv4Packet.parse(packet.emit() + padding) == packet
    assert Ipv4Packet.parse(memoryview(packet.emit() + padding)) == packet


@given(ipv4_packets)
@example(Ipv4Packet(IPv4Address(0), IPv4Address(0), protocol=PROTOCOL_IGMP, payload=bytes(8), ttl=0))
def test_scapy_agrees_on_every_field_and_on_the_checksum(packet: Ipv4Packet) -> None:
    emitted = packet.emit()
    seen = IP(emitted)
    assert (seen.src, seen.dst, seen.proto, seen.ttl) == (
        str(packet.source),
        str(packet.destination),
        packet.protocol,
        packet.ttl,
    )
    assert (seen.tos, seen.id, seen.frag) == (
        packet.type_of_service,
        packet.identification,
        packet.fragment_offset,
    )
    assert (bool(seen.flags.DF), bool(seen.flags.MF)) == (packet.dont_fragment, packet.more_fragments)
    assert seen.len == len(emitted)

    # Only the header: with a payload, scapy completes it as that protocol requires (IGMP: a router alert).
    header = IP(emitted[: len(emitted) - len(packet.payload)])
    del header.chksum
    assert bytes(header)[10:12] == emitted[10:12]


@given(ipv4_packets.filter(lambda packet: not packet.options))
def test_we_read_what_scapy_builds(packet: Ipv4Packet) -> None:
    built = IP(
        src=str(packet.source),
        dst=str(packet.destination),
        proto=packet.protocol,
        tos=packet.type_of_service,
        id=packet.identification,
        flags=2 * packet.dont_fragment + packet.more_fragments,
        frag=packet.fragment_offset,
        ttl=packet.ttl,
    )
    assert Ipv4Packet.parse(bytes(built / packet.payload)) == packet


@given(st.binary(max_size=100))
def test_any_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    try:
        Ipv4Packet.parse(data)
    except Malformed as error:
        assert error.reason


@given(st.integers(0, len(PING) - 1))
def test_a_cut_packet_is_malformed(length: int) -> None:
    with pytest.raises(Malformed):
        Ipv4Packet.parse(PING[:length])


@given(st.integers(0, MIN_HEADER_LENGTH * 8 - 1))
def test_one_flipped_bit_in_the_header_is_malformed(bit: int) -> None:
    data = bytearray(PING)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed):
        Ipv4Packet.parse(bytes(data))


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [
        pytest.param(0, b"\x65", "version 6", id="another version"),
        pytest.param(0, b"\x44", "header 16", id="a header shorter than a header"),
        pytest.param(0, b"\x4f", "header 60", id="a header longer than the packet"),
        pytest.param(2, b"\x00\x13", "total 19", id="a total length within the header"),
        pytest.param(2, b"\x00\x1d", "total 29", id="a total length beyond the frame"),
    ],
)
def test_lengths_that_contradict_each_other_are_malformed(offset: int, value: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        Ipv4Packet.parse(with_bytes(PING, offset, value))


def test_first_middle_and_last_fragments_are_distinguished_from_whole_packets() -> None:
    whole = Ipv4Packet.parse(PING)
    assert not whole.is_fragment
    assert Ipv4Packet.parse(with_bytes(PING, 6, b"\x20\x00")).is_fragment
    assert Ipv4Packet.parse(with_bytes(PING, 6, b"\x20\x05")).is_fragment
    assert Ipv4Packet.parse(with_bytes(PING, 6, b"\x00\x05")).is_fragment
    assert not Ipv4Packet.parse(with_bytes(PING, 6, b"\x40\x00")).is_fragment
