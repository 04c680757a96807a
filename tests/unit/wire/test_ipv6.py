from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert
from tests.unit.wire.values import ipv6_packets

from aeron_dpdk.wire.ipv6 import ROUTER_ALERT, Ipv6Packet
from aeron_dpdk.wire.packet import Malformed

PACKET = Ipv6Packet(IPv6Address("fd00::1"), IPv6Address("fd00::2"), 200, b"payload")


@given(ipv6_packets)
def test_what_is_emitted_parses_to_itself(packet: Ipv6Packet) -> None:
    assert Ipv6Packet.parse(packet.emit()) == packet
    assert Ipv6Packet.parse(memoryview(packet.emit())) == packet


@given(ipv6_packets)
def test_scapy_agrees_in_both_directions(packet: Ipv6Packet) -> None:
    packet = replace(packet, hop_by_hop=b"", next_header=200)
    seen = IPv6(packet.emit())
    assert (IPv6Address(seen.src), IPv6Address(seen.dst)) == (packet.source, packet.destination)
    assert (seen.tc, seen.fl, seen.hlim) == (packet.traffic_class, packet.flow_label, packet.hop_limit)
    assert (seen.plen, bytes(seen.payload)) == (len(packet.payload), packet.payload)
    built = IPv6(
        src=str(packet.source),
        dst=str(packet.destination),
        tc=packet.traffic_class,
        fl=packet.flow_label,
        nh=200,
        hlim=packet.hop_limit,
    )
    assert Ipv6Packet.parse(bytes(built / packet.payload)) == packet


def test_scapy_reads_the_router_alert_and_we_read_scapys() -> None:
    packet = replace(PACKET, hop_by_hop=ROUTER_ALERT)
    seen = IPv6(packet.emit())
    assert seen[IPv6ExtHdrHopByHop].nh == 200
    assert seen[RouterAlert].value == 0, "MLD's"
    built = IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrHopByHop(nh=200, options=[RouterAlert(value=0)])
    assert Ipv6Packet.parse(bytes(built / b"payload")) == packet


def test_what_follows_the_payload_length_is_padding() -> None:
    assert Ipv6Packet.parse(PACKET.emit() + bytes(10)) == PACKET


@given(st.binary(max_size=100))
def test_any_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    for each in (data, b"\x60" + data, PACKET.emit()[:6] + b"\x00" + PACKET.emit()[7:40] + data):
        try:
            Ipv6Packet.parse(each)
        except Malformed as error:
            assert error.reason


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PACKET.emit()[:39], id="cut header"),
        pytest.param(PACKET.emit()[:-1], id="cut payload"),
        pytest.param(b"\x40" + PACKET.emit()[1:], id="version"),
        pytest.param(replace(PACKET, next_header=0, payload=b"").emit(), id="no options"),
        pytest.param(replace(PACKET, next_header=0, payload=b"\xc8\x01" + bytes(6)).emit(), id="cut options"),
    ],
)
def test_what_is_not_what_it_claims_to_be_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Ipv6Packet.parse(data)
