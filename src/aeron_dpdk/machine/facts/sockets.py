"""The kernel's sockets: how much buffer a UDP socket gets, and what is dropped before net_af_packet sees it.

DPDK's PMD does not ask for the drops before DPDK 25.03. packet(7): PACKET_STATISTICS counts from the last
time it was read; a PMD that reads it too has its share in `imissed`.
"""

import os
import socket
import struct
from dataclasses import dataclass
from pathlib import Path

SOL_PACKET = 263  # linux/socket.h
PACKET_STATISTICS = 6  # linux/if_packet.h
_STATISTICS = struct.Struct("=2I")  # struct tpacket_stats: packets, drops
DESCRIPTORS = "/proc/self/fd"


class PacketSockets:
    """Those that this process has on `interface` by now, under descriptors of our own."""

    def __init__(self, interface: str) -> None:
        self._sockets = [
            each
            for each in map(_socket_at, os.listdir(DESCRIPTORS))
            if each is not None and _is_on(each, interface)
        ]

    def drops(self) -> int:
        """Since the last call."""
        return sum(
            _STATISTICS.unpack(each.getsockopt(SOL_PACKET, PACKET_STATISTICS, _STATISTICS.size))[1]
            for each in self._sockets
        )

    def close(self) -> None:
        for each in self._sockets:
            each.close()


def _socket_at(descriptor: str) -> socket.socket | None:
    try:
        if not os.readlink(f"{DESCRIPTORS}/{descriptor}").startswith("socket:"):
            return None
        return socket.socket(fileno=os.dup(int(descriptor)))
    except OSError:
        return None  # listdir's own, closed since


def _is_on(each: socket.socket, interface: str) -> bool:
    if each.family == socket.AF_PACKET and each.getsockname()[0] == interface:
        return True
    each.close()
    return False


SYSCTL = Path("/proc/sys/net/core")


@dataclass(frozen=True, slots=True)
class SocketBuffers:
    """In bytes: what a socket obtained as SO_SNDBUF and SO_RCVBUF, and the most that one may ask for."""

    sndbuf_length: int
    rcvbuf_length: int
    wmem_max: int
    rmem_max: int


def probe_socket_buffers(sndbuf: int, rcvbuf: int, sysctl: Path = SYSCTL) -> SocketBuffers:
    """Asks a real socket, as aeron_driver_validate_sufficient_socket_buffer_lengths() does; 0 asks for
    nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for option, length in ((socket.SO_SNDBUF, sndbuf), (socket.SO_RCVBUF, rcvbuf)):
            if length > 0:
                probe.setsockopt(socket.SOL_SOCKET, option, length)
        return SocketBuffers(
            sndbuf_length=probe.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF),
            rcvbuf_length=probe.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF),
            wmem_max=int((sysctl / "wmem_max").read_text()),
            rmem_max=int((sysctl / "rmem_max").read_text()),
        )
