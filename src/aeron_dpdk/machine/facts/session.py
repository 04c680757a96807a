"""Who runs us, from where, and within which limits: user and groups, locked memory, CPUs, socket buffers,
connections in use."""

import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from aeron_dpdk.machine.facts.cpus import parse_cpu_list
from aeron_dpdk.machine.tree import Tree

_ESTABLISHED = "01"  # include/net/tcp_states.h
_MAX_ANCESTORS = 32
# Ports of clients of DHCP and DHCPv6 (RFC 2131, RFC 8415), and of NTP and NetBIOS daemons.
_ON_EVERY_ADDRESS = frozenset({68, 546, 123, 137, 138})


@dataclass(frozen=True, slots=True)
class Session:
    """`memlock_bytes` is None for unlimited. `cpu_quota` is in CPUs, None for no quota. `ssh_addresses` are
    the addresses of this host by which an SSH session came in, with %interface behind a link-local one;
    `used_addresses` those of established TCP connections; `udp_sockets` those that UDP sockets are bound to,
    with the ports."""

    uid: int
    gids: frozenset[int]
    cpus: frozenset[int]
    memlock_bytes: int | None
    cpu_quota: float | None
    ssh_addresses: frozenset[str]
    used_addresses: frozenset[str]
    udp_sockets: Mapping[str, frozenset[int]]


def read_session(tree: Tree) -> Session:
    status = dict(line.partition(":")[::2] for line in tree.lines("/proc/self/status"))
    gids = {int(each) for each in status.get("Groups", "").split()}
    memlock = re.search(r"^Max locked memory\s+(\S+)", tree.text("/proc/self/limits") or "", re.MULTILINE)
    return Session(
        uid=int(status.get("Uid", "0").split()[0]),
        gids=frozenset({int(status.get("Gid", "0").split()[0]), *gids}),
        cpus=parse_cpu_list(status.get("Cpus_allowed_list", "")),
        memlock_bytes=int(memlock[1]) if memlock and memlock[1].isdecimal() else None,
        cpu_quota=_read_quota(tree),
        ssh_addresses=frozenset(_ssh_addresses(tree)),
        used_addresses=frozenset(_connected_addresses(tree)),
        udp_sockets=_bound_udp_sockets(tree),
    )


def _read_quota(tree: Tree) -> float | None:
    """Of cgroup v2: the lowest cpu.max from our group up to the root."""
    own = [line.partition("0::")[2] for line in tree.lines("/proc/self/cgroup") if line.startswith("0::")]
    parts = own[0].strip("/").split("/") if own else []
    quotas = []
    for length in range(len(parts) + 1):
        words = (tree.text("/".join(["/sys/fs/cgroup", *parts[:length], "cpu.max"])) or "").split()
        if len(words) == 2 and words[0].isdecimal():
            quotas.append(int(words[0]) / int(words[1]))
    return min(quotas, default=None)


def _ssh_addresses(tree: Tree) -> Iterator[str]:
    """From the environment of our parent processes, since sudo removes SSH_CONNECTION from ours."""
    process = "self"
    for _ in range(_MAX_ANCESTORS):
        for entry in (tree.data(f"/proc/{process}/environ") or b"").split(b"\0"):
            name, _, value = entry.partition(b"=")
            if name == b"SSH_CONNECTION" and len(value.split()) == 4:
                yield value.split()[2].decode()  # client address, client port, our address, our port
        parent = re.search(r"^PPid:\s*(\d+)", tree.text(f"/proc/{process}/status") or "", re.MULTILINE)
        if parent is None or parent[1] == "0":
            return
        process = parent[1]


def _connected_addresses(tree: Tree) -> Iterator[str]:
    return (address for address, _, state in _sockets(tree, "tcp") if state == _ESTABLISHED)


def _bound_udp_sockets(tree: Tree) -> Mapping[str, frozenset[int]]:
    """Without those of daemons that bind every address, and depend on none."""
    ports: dict[str, set[int]] = {}
    for address, port, _ in _sockets(tree, "udp"):
        if port not in _ON_EVERY_ADDRESS and not ip_address(address).is_unspecified:
            ports.setdefault(address, set()).add(port)
    return {address: frozenset(found) for address, found in ports.items()}


def _sockets(tree: Tree, protocol: str) -> Iterator[tuple[str, int, str]]:
    """Each socket's own address and port, and its state."""
    for name, family in ((protocol, socket.AF_INET), (f"{protocol}6", socket.AF_INET6)):
        for line in tree.lines(f"/proc/net/{name}")[1:]:
            words = line.split()
            address, _, port = words[1].partition(":")
            yield _address(address, family), int(port, 16), words[3]


def _address(hexadecimal: str, family: int) -> str:
    """The kernel prints each 32-bit word as a native integer, so the word's bytes are reversed."""
    words = bytes.fromhex(hexadecimal)
    packed = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    text = socket.inet_ntop(family, packed)
    return text.removeprefix("::ffff:")


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
