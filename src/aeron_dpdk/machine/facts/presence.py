"""Whether what a DPDK port stands on is still there: a PCI device may be pulled, an interface deleted.

PMDs for interfaces of the kernel report a link that is up whatever becomes of the interface, and few others
tell of a removal. C asks the same of a PCI device at the moment at which it closes or restarts a port
(native/port/watch.c), when nothing that was seen before is good enough.
"""

import re
import socket
from collections.abc import Callable, Iterable, Iterator

from aeron_dpdk.machine.tree import Tree

_PCI_ADDRESS = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")


def virtual_devices(eal_arguments: Iterable[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Names and options: --vdev=net_af_packet0,iface=eth0. The argument may stand alone, behind --vdev."""
    for argument in eal_arguments:
        name, *options = argument.removeprefix("--vdev=").split(",")
        yield name, dict(option.partition("=")[::2] for option in options)


def interface_of(device: str, eal_arguments: Iterable[str]) -> str | None:
    """The kernel's interface that a virtual device was given."""
    return next(
        (options.get("iface") for name, options in virtual_devices(eal_arguments) if name == device), None
    )


def presence_of(device: str, eal_arguments: Iterable[str], tree: Tree) -> Callable[[], bool]:
    """For a device that is there now. Of others than PCI devices and interfaces nothing is known."""
    if _PCI_ADDRESS.fullmatch(device):
        return lambda: tree.exists(f"/sys/bus/pci/devices/{device}")
    interface = interface_of(device, eal_arguments)
    if interface is None:
        return lambda: True
    index = _index_of(interface)
    return lambda: _index_of(interface) == index


def _index_of(interface: str) -> int | None:
    """Another interface of the same name has another index."""
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        return None
