"""Checksums of a captured copy, against scapy's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw

from aeron_dpdk.observe.checksums import with_checksums


@given(st.binary(max_size=200), st.integers(1, 65535), st.binary(min_size=2, max_size=2))
def test_missing_checksums_are_filled_in(payload: bytes, port: int, left: bytes) -> None:
    whole = bytes(
        Ether() / IP(src="10.0.0.1", dst="10.0.0.2", flags="DF") / UDP(sport=port, dport=20121) / Raw(payload)
    )
    lacking = bytearray(whole)
    lacking[24:26] = left  # devices require zero here, or the pseudo header's sum, or ignore it
    lacking[40:42] = left
    assert with_checksums(bytes(lacking)) == whole


@given(st.binary(max_size=200), st.sampled_from(["10.0.0.2", "fd00::2"]), st.booleans())
def test_they_are_filled_in_behind_a_tag_and_into_ipv6_as_well(
    payload: bytes, peer: str, is_tagged: bool
) -> None:
    ip = IPv6(src="fd00::1", dst=peer) if ":" in peer else IP(src="10.0.0.1", dst=peer)
    whole = bytes((Ether() / Dot1Q(vlan=7) if is_tagged else Ether()) / ip / UDP(dport=20121) / Raw(payload))
    lacking = bytearray(whole)
    udp = len(whole) - len(payload) - 8
    lacking[udp + 6 : udp + 8] = b"\xa5\xa5"
    if ":" not in peer:
        lacking[udp - 10 : udp - 8] = b"\xa5\xa5"
    assert with_checksums(bytes(lacking)) == whole


@pytest.mark.parametrize("number", range(65536 // 4096))
def test_a_sum_of_zero_is_sent_as_all_ones(number: int) -> None:
    for low in range(number * 4096, (number + 1) * 4096):
        frame = bytes(34) + bytes(8) + low.to_bytes(2, "big")
        assert with_checksums(frame)[40:42] != b"\0\0"
