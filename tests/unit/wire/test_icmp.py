import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP
from tests.unit.wire.values import icmp_messages

from aeron_dpdk.wire.icmp import CODE_FRAGMENTATION_NEEDED, IcmpMessage, IcmpType
from aeron_dpdk.wire.packet import Malformed

words = st.integers(0, 0xFFFF)


@given(icmp_messages)
def test_what_is_emitted_parses_to_itself(message: IcmpMessage) -> None:
    assert IcmpMessage.parse(message.emit()) == message
    assert IcmpMessage.parse(memoryview(message.emit())) == message


@given(words, words, st.binary(max_size=1500))
def test_scapy_agrees_on_an_echo_in_both_directions(identifier: int, sequence: int, payload: bytes) -> None:
    rest = identifier.to_bytes(2, "big") + sequence.to_bytes(2, "big")
    request = bytes(ICMP(type="echo-request", id=identifier, seq=sequence) / payload)
    assert IcmpMessage.parse(request) == IcmpMessage(IcmpType.ECHO_REQUEST, 0, rest, payload)

    reply = bytes(ICMP(type="echo-reply", id=identifier, seq=sequence) / payload)
    assert IcmpMessage(IcmpType.ECHO_REPLY, 0, rest, payload).emit() == reply


def test_fragmentation_needed_as_scapy_builds_it_is_known() -> None:
    message = IcmpMessage.parse(bytes(ICMP(type=3, code=4, nexthopmtu=1400) / bytes(28)))
    assert (message.type, message.code) == (IcmpType.DESTINATION_UNREACHABLE, CODE_FRAGMENTATION_NEEDED)
    assert int.from_bytes(message.rest_of_header[2:], "big") == 1400


@given(st.binary(max_size=100))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    try:
        IcmpMessage.parse(data)
    except Malformed as error:
        assert error.reason


@given(icmp_messages, st.data())
def test_one_flipped_bit_is_malformed(message: IcmpMessage, data: st.DataObject) -> None:
    emitted = bytearray(message.emit())
    bit = data.draw(st.integers(0, 8 * len(emitted) - 1))
    emitted[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Malformed, match="checksum"):
        IcmpMessage.parse(bytes(emitted))


@pytest.mark.parametrize("length", range(8))
def test_a_message_cut_within_its_header_is_malformed(length: int) -> None:
    with pytest.raises(Malformed, match="no header"):
        IcmpMessage.parse(bytes(length))
