"""By which address a driver is reached from a peer."""

import socket
from ipaddress import IPv4Address
from pathlib import Path

from aeron_dpdk.observe.errors import NotAnsweringError
from aeron_dpdk.observe.request import driver_view

ANY_PORT = 9  # nothing is sent: connecting a UDP socket only asks the kernel for its route


def find_own_address(aeron_dir: Path, peer: IPv4Address | None) -> IPv4Address | None:
    """Our driver's own address, else the one the kernel would send to `peer` from; None without `peer`, and
    where the kernel has no way there."""
    try:
        return IPv4Address(driver_view(aeron_dir).address.local)
    except NotAnsweringError:
        if peer is None:
            return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((str(peer), ANY_PORT))
            return IPv4Address(probe.getsockname()[0])
    except OSError:
        return None
