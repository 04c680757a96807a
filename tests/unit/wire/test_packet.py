import struct

from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import checksum as scapy_checksum

from aeron_dpdk.wire.packet import internet_checksum


def test_the_example_of_rfc_1071_sums_to_its_result() -> None:
    assert internet_checksum(bytes.fromhex("0001 f203 f4f5 f6f7")) == 0xFFFF - 0xDDF2


def test_nothing_and_zeros_have_the_checksum_of_zero() -> None:
    assert internet_checksum(b"") == 0xFFFF
    assert internet_checksum(bytes(20)) == 0xFFFF


def test_a_sum_of_all_ones_is_not_taken_for_zero() -> None:
    assert internet_checksum(b"\xff\xff") == 0


@given(st.binary(max_size=3000))
def test_checksum_is_the_one_scapy_computes(data: bytes) -> None:
    assert internet_checksum(data) == scapy_checksum(data)


@given(st.binary(max_size=300).filter(lambda data: len(data) % 2 == 0))
def test_data_with_its_checksum_sums_to_zero(data: bytes) -> None:
    assert internet_checksum(data + struct.pack("!H", internet_checksum(data))) == 0
