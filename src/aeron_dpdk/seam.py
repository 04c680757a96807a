"""What crosses the seam between Python and C in addition to the data plane's events, as plain facts.

`aeron_dpdk.native` implements the protocols over cffi; tests have implementations of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Protocol

from aeron_dpdk.control.data_plane import DataPlane
from aeron_dpdk.wire.ethernet import Mac

MAX_ENDPOINTS_SHOWN = 1024
MAX_VLAN = 4094  # 4095 is reserved (IEEE 802.1Q, table 9-2)
MAX_PRIORITY = 7
DEFAULT_CACHE_SIZE = 0xFFFFFFFF  # UINT32_MAX, as aeron_dpdk.h has it
_PRIORITY_SHIFT, _NUMBER_MASK = 13, 0xFFF


class KernelSockets(IntEnum):
    """`adk_kernel_sockets_en`: which channels the kernel carries instead of the port."""

    NONE = 0
    LOOPBACK = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Vlan:
    """A tag of IEEE 802.1Q: the VLAN's number, and the priority of what is sent."""

    number: int
    priority: int = 0

    @property
    def tag(self) -> int:
        """The tag as it stands on the wire after 0x8100."""
        return self.priority << _PRIORITY_SHIFT | self.number

    @classmethod
    def of_tag(cls, tag: int) -> "Vlan | None":
        """None for 0, which is no tag."""
        return cls(tag & _NUMBER_MASK, tag >> _PRIORITY_SHIFT) if tag else None

    def __str__(self) -> str:
        return f"{self.number}:{self.priority}" if self.priority else str(self.number)


@dataclass(frozen=True, slots=True)
class StackSettings:
    """`adk_settings_t`: None keeps the default of the device or of the stack."""

    local_address: IPv4Address
    port_id: int = 0
    prefix_length: int | None = None
    gateway: IPv4Address | None = None
    mtu: int | None = None
    rx_queue_size: int | None = None
    tx_queue_size: int | None = None
    rx_mempool_cache_size: int | None = None
    tx_mempool_cache_size: int | None = None
    rx_mempool_ops: str | None = None
    tx_mempool_ops: str | None = None
    tx_mempool_per_queue: bool = False
    threads_shared: bool = False
    trusts_tsc: bool = False
    kernel_sockets: KernelSockets = KernelSockets.NONE
    fragments: bool = False
    ipv6: bool = False
    vlan: Vlan | None = None
    name: str | None = None
    sharers: tuple[Vlan | None, ...] = ()
    """The VLANs of the interfaces that will share the port, which this one opens."""

    @property
    def interface_name(self) -> str:
        """The name by which `interface=` finds it (native/api/driver.c)."""
        return self.name or f"dpdk{self.port_id}"

    def texts(self) -> dict[str, str | None]:
        return {
            "rx_mempool_ops": self.rx_mempool_ops,
            "tx_mempool_ops": self.tx_mempool_ops,
            "name": self.interface_name,
        }

    def numbers(self) -> dict[str, int | list[int]]:
        return {
            "port_id": self.port_id,
            "mtu": self.mtu or 0,
            "rx_queue_size": self.rx_queue_size or 0,
            "tx_queue_size": self.tx_queue_size or 0,
            "rx_mempool_cache_size": _cache_size(self.rx_mempool_cache_size),
            "tx_mempool_cache_size": _cache_size(self.tx_mempool_cache_size),
            "tx_mempool_per_queue": self.tx_mempool_per_queue,
            "prefix_length": self.prefix_length or 0,
            "threads_shared": self.threads_shared,
            "trusts_tsc": self.trusts_tsc,
            "kernel_sockets": self.kernel_sockets,
            "fragments": self.fragments,
            "ipv6": self.ipv6,
            "vlan_tci": _tag(self.vlan),
            "local_ipv4": int(self.local_address),
            "gateway_ipv4": int(self.gateway) if self.gateway else 0,
            "sharers": len(self.sharers),
            "sharers_vlan_tci": [_tag(each) for each in self.sharers],
        }


def _tag(vlan: Vlan | None) -> int:
    return vlan.tag if vlan else 0


def _cache_size(size: int | None) -> int:
    return DEFAULT_CACHE_SIZE if size is None else size


@dataclass(frozen=True, slots=True)
class PortInfo:
    """`adk_port_info_t`: the port as it was actually configured. `datagram_max` is the longest UDP payload in
    bytes."""

    name: str
    driver: str
    mac: Mac
    mtu: int
    rx_queues: int
    tx_queues: int
    rx_queue_size: int
    tx_queue_size: int
    socket_id: int
    rx_checksum_offload: bool
    tx_ipv4_checksum_offload: bool
    tx_udp_checksum_offload: bool
    steered: bool
    rx_timestamps: bool
    hashed: bool
    datagram_max: int
    vlan_tag: int = 0
    rx_vlan_offload: bool = False
    tx_vlan_offload: bool = False

    @property
    def vlan(self) -> Vlan | None:
        return Vlan.of_tag(self.vlan_tag)


@dataclass(frozen=True, slots=True)
class Level:
    """`adk_level_t`: how full a ring, a queue or a mempool is, `length` of `capacity` frames."""

    name: str
    length: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`adk_endpoint_view_t`: a UDP port of ours, polled by "sender" or "receiver", or by "nobody" while it is
    set up or taken down. Each family of addresses has ports of its own."""

    port: int
    polled_by: str
    is_ipv6: bool = False


class EalPart(Protocol):
    def keep_pages(self) -> None:
        """DPDK keeps the huge pages that it has now, even if their contents are freed."""

    def give_up_capabilities(self, thread_id: int) -> None:
        """Makes that thread of this process do so, soon. Raises OSError."""

    def close(self) -> None: ...


class StackPart(DataPlane, Protocol):
    def port_info(self) -> PortInfo: ...

    def removal_requested(self) -> bool:
        """Whether the kernel wants the port's device back, and waits until the driver ends."""

    def open_driver(self) -> "DriverPart":
        """Only of the first interface: opens Aeron's driver over all of them, and creates its files."""

    def rx_queues(self) -> tuple[Level, ...]:
        """Only of queues whose PMD can tell."""

    def rings(self) -> tuple[Level, ...]: ...

    def mempools(self) -> tuple[Level, ...]: ...

    def endpoints(self) -> tuple[Endpoint, ...]:
        """At most MAX_ENDPOINTS_SHOWN of them, in the order of their ports."""

    def endpoint_count(self) -> int:
        """The number of all endpoints."""

    def capture_open(self, program: bytes, snap_length: int) -> int:
        """The descriptor of the memory that frames are copied to from now on; it stays the stack's. Raises
        CaptureRefusedError. `program`: instructions as libpcap's struct bpf_insn, none for all frames."""

    def capture_close(self) -> None: ...

    def capture_step(self) -> bool:
        """Frees what a capture that has ended held, once the data threads have let go of it; True before."""

    def close(self) -> None: ...


class DriverPart(Protocol):
    @property
    def aeron_directory(self) -> str: ...

    @property
    def threading_mode(self) -> str: ...

    def start(self, is_manual: bool = False) -> None: ...

    def is_terminated(self) -> bool:
        """Whether an Aeron client asked the driver to stop, and the driver agreed."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """How to make the parts of a media driver; each raises an AeronDpdkError if it fails. `stack` takes the
    stack of the first interface, None for that one itself."""

    eal: Callable[[Sequence[str]], EalPart]
    stack: Callable[[StackSettings, StackPart | None], StackPart]
    aeron_version: str
    dpdk_version: str
