"""What a DPDK port stands on: whether it is still there (a PCI device may be pulled, an interface deleted),
and what the kernel drops in front of net_af_packet.

PMDs for interfaces of the kernel report that the link is up whatever happens to the interface, and few others
report a removal. C checks a PCI device in the same way right before it closes or restarts a port
(native/port/watch.c), when no earlier check is good enough.

DPDK's PMD does not ask the kernel for its drops before DPDK 25.03. packet(7): PACKET_STATISTICS counts from
the last time it was read; a PMD that reads it too has its share in `imissed`.
"""

import os
import re
import socket
import struct
from collections.abc import Callable, Iterable, Iterator

from aeron_dpdk.machine.tree import Tree

_PCI_ADDRESS = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


def virtual_devices(eal_arguments: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and options: --vdev=net_af_packet0,iface=eth0. Also without "--vdev=", as an argument behind
    --vdev."""
    for argument in eal_arguments:
        name, *options = argument.removeprefix("--vdev=").split(",")
        yield name, dict(option.partition("=")[::2] for option in options)


def interface_of(device: str, eal_arguments: Iterable[str]) -> str | None:
    """The kernel's interface that a virtual device was given."""
    return next(
        (options.get("iface") for name, options in virtual_devices(eal_arguments) if name == device), None
    )


def presence_of(device: str, eal_arguments: Iterable[str], tree: Tree) -> Callable[[], bool]:
    """A function that tells whether a device that is present now still is. For devices other than PCI devices
    and interfaces it always says yes."""
    if _PCI_ADDRESS.fullmatch(device):
        return lambda: tree.exists(f"/sys/bus/pci/devices/{device}")
    interface = interface_of(device, eal_arguments)
    if interface is None:
        return lambda: True
    index = _index_of(interface)
    return lambda: _index_of(interface) == index


def _index_of(interface: str) -> int | None:
    """Tells an interface from a later one of the same name."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return None


SOL_PACKET = 263  # linux/socket.h
PACKET_STATISTICS = 6  # linux/if_packet.h
_STATISTICS = struct.Struct("=2I")  # struct tpacket_stats: packets, drops
DESCRIPTORS = "/proc/self/fd"


class PacketSockets:
    """The sockets that this process has on `interface` when this object is made, through duplicates of their
    descriptors."""

    def __init__(self, interface: str) -> None:
        self._sockets = [
            each
            for each in map(_socket_at, os.listdir(DESCRIPTORS))
            if each is not None and _is_on(each, interface)
        ]

    def drops(self) -> int:
        """How many since the last call."""
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
        return None  # the descriptor of listdir itself, closed since


def _is_on(each: socket.socket, interface: str) -> bool:
    if each.family == socket.AF_PACKET and each.getsockname()[0] == interface:
        return True
    each.close()
    return False
