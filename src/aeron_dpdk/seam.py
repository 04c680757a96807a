"""What crosses the seam between Python and C besides the data plane's events, as plain facts.

`aeron_dpdk.native` makes these real over cffi; tests put their own in the same places.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Protocol

from aeron_dpdk.control.data_plane import DataPlane
from aeron_dpdk.wire.ethernet import Mac

MAX_ENDPOINTS_SHOWN = 1024


class KernelSockets(IntEnum):
    """`adk_kernel_sockets_en`: which channels the kernel carries beside the port."""

    NONE = 0
    LOOPBACK = 1
    ALL = 2


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


@dataclass(frozen=True, slots=True)
class PortInfo:
    """`adk_port_info_t`: the port as it was really configured. `datagram_max` is the longest UDP payload in
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
    datagram_max: int


@dataclass(frozen=True, slots=True)
class Level:
    """`adk_level_t`: how full a ring, a queue or a mempool is, `length` of `capacity` frames."""

    name: str
    length: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`adk_endpoint_view_t`: a UDP port of ours, polled by "sender" or "receiver", or by "nobody" while it is
    set up or taken down."""

    port: int
    polled_by: str


class EalPart(Protocol):
    def keep_pages(self) -> None:
        """The huge pages that DPDK has now stay its own, also when what lies in them is freed."""

    def give_up_capabilities(self, thread_id: int) -> None:
        """Has that thread of ours do so, soon. Raises OSError."""

    def close(self) -> None: ...


class StackPart(DataPlane, Protocol):
    def port_info(self) -> PortInfo: ...

    def open_driver(self, interface_name: str) -> "DriverPart":
        """Aeron's driver over this port, its files made; interface= finds the port by `interface_name`."""

    def rx_queues(self) -> tuple[Level, ...]:
        """Of the queues whose PMD can tell."""

    def rings(self) -> tuple[Level, ...]: ...

    def mempools(self) -> tuple[Level, ...]: ...

    def endpoints(self) -> tuple[Endpoint, ...]:
        """At most MAX_ENDPOINTS_SHOWN of them, in the order of their ports."""

    def endpoint_count(self) -> int:
        """Of all of them."""

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
        """An Aeron client asked the driver to stop, and the driver agreed."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """How to make what a media driver stands on; each raises an AeronDpdkError when it cannot."""

    eal: Callable[[Sequence[str]], EalPart]
    stack: Callable[[StackSettings], StackPart]
    aeron_version: str
    dpdk_version: str
