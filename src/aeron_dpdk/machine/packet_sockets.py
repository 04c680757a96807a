"""What the kernel drops before net_af_packet sees it: DPDK's PMD does not ask before DPDK 25.03.

packet(7): PACKET_STATISTICS counts from the last time it was read; a PMD that reads it too has its share in
`imissed`.
"""

import os
import socket
import struct

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
