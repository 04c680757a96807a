import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import ARP
from tests.unit.wire.values import arp_packets

from aeron_dpdk.wire.arp import LENGTH, ArpPacket
from aeron_dpdk.wire.packet import Malformed

REQUEST = bytes(ARP(op="who-has", hwsrc="02:00:00:00:00:02", psrc="10.0.0.2", pdst="10.0.0.1"))


@given(arp_packets, st.binary(max_size=30))
def test_what_is_emitted_parses_to_itself_even_when_padded(packet: ArpPacket, padding: bytes) -> None:
    assert ArpPacket.parse(packet.emit() + padding) == packet
    assert ArpPacket.parse(memoryview(packet.emit() + padding)) == packet


@given(arp_packets)
def test_scapy_builds_the_same_bytes(packet: ArpPacket) -> None:
    built = ARP(
        op=int(packet.operation),
        hwsrc=str(packet.sender_mac),
        psrc=str(packet.sender_ipv4),
        hwdst=str(packet.target_mac),
        pdst=str(packet.target_ipv4),
    )
    assert bytes(built) == packet.emit()


@given(arp_packets)
def test_scapy_reads_the_same_fields(packet: ArpPacket) -> None:
    seen = ARP(packet.emit())
    assert (seen.hwtype, seen.ptype, seen.hwlen, seen.plen, seen.op) == (1, 0x800, 6, 4, packet.operation)
    assert (seen.hwsrc, seen.psrc) == (str(packet.sender_mac), str(packet.sender_ipv4))
    assert (seen.hwdst, seen.pdst) == (str(packet.target_mac), str(packet.target_ipv4))


@given(st.binary(max_size=60))
def test_any_bytes_are_a_packet_or_malformed(data: bytes) -> None:
    try:
        assert ArpPacket.parse(data).emit() == data[:LENGTH]
    except Malformed as error:
        assert error.reason


@given(arp_packets, st.integers(0, LENGTH - 1))
def test_a_cut_packet_is_malformed(packet: ArpPacket, length: int) -> None:
    with pytest.raises(Malformed, match="no packet"):
        ArpPacket.parse(packet.emit()[:length])


@pytest.mark.parametrize("offset", range(6))
def test_anything_but_ipv4_over_ethernet_is_malformed(offset: int) -> None:
    data = bytearray(REQUEST)
    data[offset] ^= 0x10
    with pytest.raises(Malformed, match="not IPv4 over Ethernet"):
        ArpPacket.parse(bytes(data))


@pytest.mark.parametrize("operation", [0, 3, 8, 0x0100])
def test_other_operations_than_request_and_reply_are_malformed(operation: int) -> None:
    data = REQUEST[:6] + operation.to_bytes(2, "big") + REQUEST[8:]
    with pytest.raises(Malformed, match=f"operation {operation} "):
        ArpPacket.parse(data)
