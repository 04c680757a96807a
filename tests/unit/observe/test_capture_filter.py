"""Filters: what libpcap compiles, and that our interpreter decides as libpcap's own does."""

import ctypes
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aeron_dpdk
from aeron_dpdk.errors.observe import FilterError, LibpcapError
from aeron_dpdk.observe import capture_filter
from aeron_dpdk.observe.capture_filter import compile_filter, libraries, load_libpcap

needs_native = pytest.mark.skipif(
    not list(Path(aeron_dpdk.__file__).parent.glob("_native*.so")), reason="the native half is not built"
)

EXPRESSIONS = (
    "udp",
    "not udp",
    "arp or icmp",
    "udp port 20121 and host 10.0.0.2",
    "src net 10.0.0.0/8 and not dst port 40000",
    "udp[8:4] = 0x60000000",
    "ip[8] < 64 and ip[2:2] - 20 > 100",
    "ether src 02:00:00:00:00:01 or less 60",
    "greater 1000",
    "ip[0] & 0xf != 5",
    "ip[6:2] & 0x1fff = 0 and udp[4:2] % 32 = 8",
    "ip[2:2] / 4 * 4 = ip[2:2] or (ip[1] | 3) ^ 7 = 4 or ip[8] << 2 > 200 or ip[8] >> 3 = 8",
    "vlan 7 and udp",
    "ip6 and udp port 53",
    "portrange 20000-30000",
    "udp and udp[10:2] = 1",
    "-ip[8] = 0xffffffc0",
)
HEADER = bytes.fromhex(
    "020000000001" "020000000002" "0800"
    "4500003c00004000401100000a0000020a000001"
    "4e994e9900280000"
)  # fmt: skip


class _Header(ctypes.Structure):
    """struct pcap_pkthdr"""

    _fields_ = (("time", ctypes.c_long * 2), ("captured", ctypes.c_uint32), ("length", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint), ("instructions", ctypes.c_void_p))


@cache
def libpcap() -> ctypes.CDLL:
    return load_libpcap()


def libpcap_accepts(program: bytes, frame: bytes, frame_length: int) -> bool:
    kept = ctypes.create_string_buffer(program, len(program))
    given_program = _Program(len(program) // 8, ctypes.addressof(kept))
    header = _Header((0, 0), len(frame), frame_length)
    return bool(libpcap().pcap_offline_filter(ctypes.byref(given_program), ctypes.byref(header), frame))


def we_accept(program: bytes, frame: bytes, frame_length: int) -> bool:
    from aeron_dpdk._native import lib  # noqa: PLC0415 - needs the native half

    verdict = lib.adk_filter_run(program, len(program) // 8, frame, len(frame), frame_length)
    assert verdict in (0, 1), "libpcap's programs are valid ones"
    return bool(verdict)


@needs_native
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_decides_as_libpcap_does(expression: str) -> None:
    dice = random.Random(expression)
    program = compile_filter(expression)
    verdicts = set()
    for _ in range(400):
        frame = bytearray(HEADER + dice.randbytes(dice.randrange(0, 80)))
        for _ in range(dice.randrange(4)):
            frame[dice.randrange(12, len(HEADER))] = dice.choice(
                (0, 1, 5, 6, 8, 17, 20, 64, 0x45, 0x4E, 0x81, 255)
            )
        cut = bytes(frame[: dice.choice((len(frame), dice.randrange(len(frame))))])
        length = max(len(cut), dice.choice((len(cut), 1400)))
        verdicts.add(libpcap_accepts(program, cut, length))
        assert we_accept(program, cut, length) == libpcap_accepts(program, cut, length)
    assert verdicts, expression


@needs_native
@settings(max_examples=300)
@given(st.binary(min_size=0, max_size=60))
def test_an_ordinary_filter_decides_as_libpcap_does_on_any_bytes(frame: bytes) -> None:
    program = compile_filter("udp port 20121 or arp")
    assert we_accept(program, frame, len(frame)) == libpcap_accepts(program, frame, len(frame))


@needs_native
@settings(max_examples=300)
@given(st.binary(max_size=200).map(lambda text: text[: len(text) // 8 * 8]), st.binary(max_size=60))
def test_any_bytes_as_a_program_are_refused_or_end(program: bytes, frame: bytes) -> None:
    from aeron_dpdk._native import lib  # noqa: PLC0415 - needs the native half

    assert lib.adk_filter_run(program, len(program) // 8, frame, len(frame), len(frame)) in (-1, 0, 1)


def test_no_expression_is_no_program() -> None:
    assert compile_filter("  ") == b""


def test_an_expression_that_libpcap_does_not_know_is_refused_with_its_words() -> None:
    with pytest.raises(FilterError, match=r'"udp prot 1".*syntax error'):
        compile_filter("udp prot 1")


def test_the_wheels_own_libpcap_comes_before_the_systems(tmp_path: Path) -> None:
    own = tmp_path / "aeron_dpdk.libs" / "libpcap-db25fa47.so.1.10.5"
    own.parent.mkdir()
    own.touch()
    assert libraries(tmp_path / "aeron_dpdk") == (str(own), "libpcap.so.1", "libpcap.so.0.8")


def test_without_any_libpcap_the_error_names_what_was_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_filter, "_OF_THE_SYSTEM", ("libpcap.so.none",))
    with pytest.raises(LibpcapError, match=r"libpcap\.so\.none.*install it"):
        compile_filter("udp")
