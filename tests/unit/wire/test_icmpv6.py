from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6PacketTooBig, IPv6
from tests.unit.wire.values import icmpv6_messages, ipv6_addresses

from aeron_dpdk.wire.icmpv6 import Icmpv6Message, Icmpv6Type
from aeron_dpdk.wire.ipv6 import NEXT_HEADER_ICMPV6, Ipv6Packet
from aeron_dpdk.wire.packet import Malformed

OURS, PEER = IPv6Address("fd00::1"), IPv6Address("fd00::2")
words = st.integers(0, 0xFFFF)


def carried(
    message: Icmpv6Message, source: IPv6Address = OURS, destination: IPv6Address = PEER
) -> Ipv6Packet:
    return Ipv6Packet(source, destination, NEXT_HEADER_ICMPV6, message.emit(source, destination))


@given(icmpv6_messages, ipv6_addresses, ipv6_addresses)
def test_what_is_emitted_parses_to_itself(
    message: Icmpv6Message, source: IPv6Address, destination: IPv6Address
) -> None:
    assert Icmpv6Message.parse(carried(message, source, destination)) == message


@given(words, words, st.binary(max_size=1500), ipv6_addresses, ipv6_addresses)
def test_scapy_agrees_on_an_echo_in_both_directions(
    identifier: int, sequence: int, payload: bytes, source: IPv6Address, destination: IPv6Address
) -> None:
    rest = identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big")
    request = ICMPv6EchoRequest(id=identifier, seq=sequence, data=payload)
    packet = Ipv6Packet.parse(bytes(IPv6(src=str(source), dst=str(destination)) / request))
    assert Icmpv6Message.parse(packet) == Icmpv6Message(Icmpv6Type.ECHO_REQUEST, 0, rest, payload)

    reply = ICMPv6EchoReply(id=identifier, seq=sequence, data=payload)
    built = Ipv6Packet.parse(bytes(IPv6(src=str(source), dst=str(destination)) / reply))
    emitted = Icmpv6Message(Icmpv6Type.ECHO_REPLY, 0, rest, payload).emit(source, destination)
    assert emitted == built.payload


def test_packet_too_big_as_scapy_builds_it_is_known() -> None:
    built = IPv6(src=str(PEER), dst=str(OURS)) / ICMPv6PacketTooBig(mtu=1400) / bytes(48)
    message = Icmpv6Message.parse(Ipv6Packet.parse(bytes(built)))
    assert message.type == Icmpv6Type.PACKET_TOO_BIG
    assert int.from_bytes(message.rest_of_header, "big") == 1400


@given(icmpv6_messages, st.data())
def test_one_flipped_bit_is_malformed(message: Icmpv6Message, data: st.DataObject) -> None:
    packet = carried(message)
    payload = bytearray(packet.payload)
    bit = data.draw(st.integers(0, 8 * len(payload) - 1))
    payload[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed, match="checksum"):
        Icmpv6Message.parse(replace(packet, payload=bytes(payload)))


def test_a_message_for_another_address_is_malformed() -> None:
    """The checksum covers the addresses (RFC 8200 §8.1)."""
    packet = carried(Icmpv6Message(Icmpv6Type.ECHO_REQUEST, 0, bytes(4), b"ping"))
    with pytest.raises(Malformed, match="checksum"):
        Icmpv6Message.parse(replace(packet, destination=IPv6Address("fd00::3")))


@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    try:
        Icmpv6Message.parse(Ipv6Packet(OURS, PEER, NEXT_HEADER_ICMPV6, data))
    except Malformed as error:
        assert error.reason
