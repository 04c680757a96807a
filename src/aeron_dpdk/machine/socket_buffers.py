"""How much buffer the kernel gives a UDP socket."""

import socket
from dataclasses import dataclass
from pathlib import Path

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
