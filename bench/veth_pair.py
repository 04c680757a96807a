"""Two network namespaces joined by a veth pair, for as long as something is measured across it."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

PREFIX = "aeron-dpdk-bench"
NAMESPACES = Path("/run/netns")
_NAME = re.compile(rf"{PREFIX}-(\d+)-\d")


class VethError(Exception):
    """Measuring across a veth pair takes root, network namespaces and iproute2."""


@dataclass(frozen=True, slots=True)
class VethEnd:
    """One end: its namespace, and the address that the kernel has there."""

    namespace: str
    interface: str
    address: IPv4Interface


def may_make_veth() -> bool:
    """Whether this process may create namespaces, and has the command to do so."""
    return os.geteuid() == 0 and shutil.which("ip") is not None


@contextmanager
def veth_pair(addresses: tuple[IPv4Interface, IPv4Interface], mtu: int) -> Iterator[tuple[VethEnd, VethEnd]]:
    """Raises VethError; leaves nothing behind, and cleans up after runs that were killed."""
    _sweep()
    ends = [
        VethEnd(f"{PREFIX}-{os.getpid()}-{number}", f"veth{number}", address)
        for number, address in enumerate(addresses)
    ]
    made: list[str] = []
    try:
        for end in ends:
            _ip("netns", "add", end.namespace)
            made.append(end.namespace)
            _quiet(end.namespace)
        left, right = ends
        _ip("link", "add", left.interface, "netns", left.namespace, "mtu", str(mtu), "type", "veth",
            "peer", "name", right.interface, "netns", right.namespace, "mtu", str(mtu))  # fmt: skip
        for end in ends:
            _ip("-n", end.namespace, "address", "add", str(end.address), "dev", end.interface)
            _ip("-n", end.namespace, "link", "set", end.interface, "up")
        yield left, right
    finally:
        for namespace in made:
            _ip("netns", "delete", namespace)


def _quiet(namespace: str) -> None:
    """Without IPv6: its router solicitations would cross the link while something is measured."""
    settings = [f"net.ipv6.conf.{which}.disable_ipv6=1" for which in ("all", "default")]
    _run("ip", "netns", "exec", namespace, "sysctl", "-qw", *settings)


def _sweep() -> None:
    for path in NAMESPACES.glob(f"{PREFIX}-*"):
        owner = _NAME.fullmatch(path.name)
        if owner and not Path("/proc", owner[1]).exists():
            _ip("netns", "delete", path.name)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise VethError(f"`{' '.join(command)}` failed ({done.stderr.strip() or done.stdout.strip()})")
