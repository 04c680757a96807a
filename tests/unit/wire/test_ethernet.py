import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.l2 import Ether
from tests.unit.wire.values import ethernet_frames

from aeron_dpdk.wire.ethernet import BROADCAST, UNSPECIFIED, EthernetFrame, Mac
from aeron_dpdk.wire.packet import Malformed


@given(ethernet_frames)
def test_what_is_emitted_parses_to_itself(frame: EthernetFrame) -> None:
    assert EthernetFrame.parse(frame.emit()) == frame
    assert EthernetFrame.parse(memoryview(frame.emit())) == frame


@given(ethernet_frames)
def test_scapy_reads_what_we_emit_and_we_read_what_scapy_builds(frame: EthernetFrame) -> None:
    seen = Ether(frame.emit())
    assert (seen.dst, seen.src, seen.type) == (str(frame.destination), str(frame.source), frame.ethertype)

    built = bytes(
        Ether(dst=str(frame.destination), src=str(frame.source), type=frame.ethertype) / frame.payload
    )
    assert EthernetFrame.parse(built) == frame


@given(st.binary(max_size=100))
def test_any_bytes_are_a_frame_or_malformed(data: bytes) -> None:
    try:
        assert EthernetFrame.parse(data).emit() == data
    except Malformed as error:
        assert error.reason


@pytest.mark.parametrize("length", range(14))
def test_a_frame_cut_within_its_header_is_malformed(length: int) -> None:
    with pytest.raises(Malformed, match="no header"):
        EthernetFrame.parse(bytes([2] * 14)[:length])


def test_an_8023_length_field_is_malformed() -> None:
    with pytest.raises(Malformed, match="802.3 length"):
        EthernetFrame.parse(bytes(12) + b"\x05\xff" + bytes(46))


def test_group_and_zero_addresses_are_not_unicast() -> None:
    assert not BROADCAST.is_unicast
    assert not UNSPECIFIED.is_unicast
    assert not Mac.from_text("01:00:5e:00:00:01").is_unicast
    assert Mac.from_text("02:00:00:00:00:01").is_unicast


@given(st.binary(min_size=6, max_size=6).map(Mac))
def test_a_mac_address_reads_back_from_its_text(mac: Mac) -> None:
    assert Mac.from_text(str(mac)) == mac


@pytest.mark.parametrize(
    "text", ["", "02:00:00:00:00", "02:00:00:00:00:01:02", "0200:00:00:00:01", "02:00:00:00:00:0g"]
)
def test_text_that_is_no_mac_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Mac.from_text(text)
