"""A kernel's interface in a VLAN of IEEE 802.1Q: two programs for the kernel (bpf(2)) put the tag on what it
sends and take it off what comes, as a VLAN sub-interface does, which not every kernel offers.
"""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager

from pyroute2 import NetNS
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from tests.system.bed.namespace import packet_socket
from tests.system.bed.topology import End

_BPF = 321  # __NR_bpf of x86-64
_PROG_LOAD, _SCHED_CLS = 5, 3
_TAG_OFFSET = 24  # of vlan_tci in struct __sk_buff (linux/bpf.h)
_PUSH, _POP = 18, 19  # bpf_skb_vlan_push(), bpf_skb_vlan_pop()
_ALL = 0x0003  # ETH_P_ALL, in this order of bytes
_PASS, _DROP = 0, 2  # TC_ACT_OK, TC_ACT_SHOT
_INGRESS, _EGRESS = 0xFFFFFFF2, 0xFFFFFFF3
_SOL_PACKET, _AUXDATA, _QDISC_BYPASS = 263, 8, 20
_AUX = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata
_TAG_IS_VALID = 0x10  # TP_STATUS_VLAN_VALID


def _instruction(code: int, target: int = 0, source: int = 0, jump: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, source << 4 | target, jump, value)


def _set(register: int, value: int) -> bytes:
    return _instruction(0xB7, register, value=value)


def _call(function: int) -> bytes:
    return _instruction(0x85, value=function)


def _return(value: int) -> bytes:
    return _set(0, value) + _instruction(0x95)


def _tagger(number: int) -> bytes:
    return _set(2, socket.htons(0x8100)) + _set(3, number) + _call(_PUSH) + _return(_PASS)


def _untagger(number: int) -> bytes:
    """What has another tag, or none, is dropped."""
    return (
        _instruction(0xBF, 6, 1)
        + _instruction(0x61, 2, 6, _TAG_OFFSET)
        + _instruction(0x57, 2, value=0xFFF)
        + _instruction(0x55, 2, jump=4, value=number)
        + _instruction(0xBF, 1, 6)
        + _call(_POP)
        + _return(_PASS)
        + _return(_DROP)
    )


def _load(program: bytes) -> int:
    """A descriptor."""
    library = ctypes.CDLL(None, use_errno=True)
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(b"GPL")
    places = ctypes.addressof(code), ctypes.addressof(licence)
    attributes = ctypes.create_string_buffer(
        struct.pack("<IIQQ", _SCHED_CLS, len(program) // 8, *places), 128
    )
    descriptor = library.syscall(_BPF, _PROG_LOAD, attributes, 128)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "the kernel takes no program for a VLAN")
    return int(descriptor)


def put_into_vlan(end: End, number: int) -> None:
    """For as long as the interface is there."""
    with NetNS(end.namespace.name) as netlink:
        index = netlink.link_lookup(ifname=end.interface)[0]
        netlink.tc("add", "clsact", index)
        for parent, program in ((_EGRESS, _tagger(number)), (_INGRESS, _untagger(number))):
            descriptor = _load(program)
            netlink.tc("add-filter", "bpf", index, fd=descriptor, name="vlan", parent=parent,
                       direct_action=True, protocol=_ALL, prio=1)  # fmt: skip
            os.close(descriptor)


@contextmanager
def tags_seen(end: End) -> Iterator[socket.socket]:
    """A socket for `next_frame`, on what comes to the interface."""
    opened = packet_socket(end.namespace, end.interface)
    opened.setsockopt(_SOL_PACKET, _AUXDATA, 1)
    opened.settimeout(10.0)
    try:
        yield opened
    finally:
        opened.close()


def next_frame(seen: socket.socket) -> Packet:
    """With the tag, which the kernel tells apart. Raises TimeoutError when none comes."""
    while True:
        frame, notes, _, origin = seen.recvmsg(65536, 256)
        if origin[2] != socket.PACKET_OUTGOING:
            break
    for level, kind, data in notes:
        status, *_, tag, _ = _AUX.unpack(data[: _AUX.size])
        if (level, kind) == (_SOL_PACKET, _AUXDATA) and status & _TAG_IS_VALID:
            frame = frame[:12] + struct.pack(">HH", 0x8100, tag) + frame[12:]
    return Ether(frame)


def send_past_the_vlan(end: End, *frames: Packet) -> None:
    """As they are, past the program that would put the tag on."""
    raw = packet_socket(end.namespace, end.interface)
    with closing(raw):
        raw.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
        for frame in frames:
            raw.send(bytes(frame))
