"""pcapng as another implementation reads it: scapy's reader."""

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.utils import RawPcapNgReader

from aeron_dpdk.observe import pcapng
from aeron_dpdk.observe.pcapng import Direction, Frame

PREAMBLE = pcapng.section_header("aeron-dpdk") + pcapng.interface("dpdk0", "net_ena", 65535, "udp")
FRAMES = st.builds(
    Frame,
    time_ns=st.integers(0, (1 << 63) - 1),
    direction=st.sampled_from(Direction),
    frame_length=st.integers(1, 9000),
    data=st.binary(max_size=300),
    comment=st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=50),
)


@given(st.lists(FRAMES, max_size=6))
def test_frames_come_back_as_they_were(frames: list[Frame]) -> None:
    file = io.BytesIO(PREAMBLE + b"".join(pcapng.packet(0, frame) for frame in frames))
    for frame, (data, metadata) in zip(frames, RawPcapNgReader(file), strict=True):
        assert data == frame.data
        assert metadata.wirelen == frame.frame_length
        assert metadata.tsresol == 10**9
        assert (metadata.tshigh << 32) + metadata.tslow == frame.time_ns
        assert metadata.direction == frame.direction
        assert (metadata.comments or [b""]) == [frame.comment.encode()]


@pytest.mark.parametrize(
    "block",
    [
        PREAMBLE,
        pcapng.packet(0, Frame(1, Direction.INBOUND, 3, b"abc", "why")),
        pcapng.statistics(0, 1, 5, 6),
        pcapng.section_header("x" * 9),
    ],
)
def test_every_block_says_its_length_at_both_ends_in_whole_words(block: bytes) -> None:
    offset = 0
    while offset < len(block):
        (length,) = struct.unpack_from("<I", block, offset + 4)
        assert length % 4 == 0
        assert struct.unpack_from("<I", block, offset + length - 4) == (length,)
        offset += length
    assert offset == len(block)
