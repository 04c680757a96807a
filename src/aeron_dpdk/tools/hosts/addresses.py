"""The address by which a peer reaches a driver."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from aeron_dpdk.errors.observe import NotAnsweringError
from aeron_dpdk.observe.request import driver_view
from aeron_dpdk.observe.view import InterfaceView

ANY_PORT = 9  # nothing is sent: connecting a UDP socket only asks the kernel for a route


def find_own_address(aeron_dir: Path, peer: IPv4Address | None) -> IPv4Address | None:
    """Our driver's own address, or if it has several the one that leads to `peer`; otherwise the address
    that the kernel would send to `peer` from; None without `peer`, or if the kernel has no route there."""
    try:
        return address_towards(peer, driver_view(aeron_dir).interfaces)
    except NotAnsweringError:
        if peer is None:
            return None
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((str(peer), ANY_PORT))
            return IPv4Address(probe.getsockname()[0])
    except OSError:
        return None


def address_towards(peer: IPv4Address | None, interfaces: Sequence[InterfaceView]) -> IPv4Address:
    """As the driver chooses: the longest prefix that contains the peer, else the first address with a
    gateway. If there is neither, or no peer yet, the first of all."""
    if peer is None:
        return IPv4Address(interfaces[0].address.local)

    def nearness(interface: InterfaceView) -> int:
        own = interface.address
        if own.prefix_length is None:
            return 0  # everything is on its link, or behind its gateway
        if peer in IPv4Network((own.local, own.prefix_length), strict=False):
            return own.prefix_length
        return 0 if own.gateway is not None else -1

    return IPv4Address(max(interfaces, key=nearness).address.local)
