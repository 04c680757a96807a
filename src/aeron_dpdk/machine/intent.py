"""What the operator wants: to run here, as far as the machine must be fit for it (`Intent`); and setup to do
(`SetupRequest`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aeron_dpdk.machine.facts.accounts import Account
from aeron_dpdk.machine.tree import Permissions

DEFAULT_WINDOW_BYTES = 128 << 10  # aeron_driver_context.c: AERON_RCV_INITIAL_WINDOW_LENGTH


@dataclass(frozen=True, slots=True)
class Intent:
    """`user` is who is to run the data path: AERON_DPDK_USER, or the user who starts aeronmd_dpdk.
    `user_name` is the name that was given, even if there is no such account; `group_gid` is None if
    AERON_DPDK_GROUP names no group. `interfaces` counts those with an address in the settings; those that
    share a port count once. `affinity` has CPUs by the names of the variables."""

    user_name: str | None = None
    user: Account | None = None
    group_name: str | None = None
    group_gid: int | None = None
    starts_as_root: bool = True
    window_bytes: int = DEFAULT_WINDOW_BYTES
    socket_rcvbuf_bytes: int = DEFAULT_WINDOW_BYTES
    socket_sndbuf_bytes: int = 0
    threads_from_cgroup: bool = False
    is_dedicated: bool = True
    interfaces: int = 0
    affinity: Mapping[str, int] = field(default_factory=dict)
    aeron_directory: str = ""
    aeron_directory_permissions: Permissions | None = None


DpdkRelease = tuple[int, int]  # (22, 11) for 22.11


class SetupPart(StrEnum):
    HUGE_PAGES = "huge-pages"
    SOCKETS = "sockets"
    LIMITS = "limits"
    IOMMU = "iommu"
    VFIO = "vfio"
    BIND = "bind"
    PERMISSIONS = "permissions"
    BOOT = "boot"
    CPUS = "cpus"


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """`nics` and `forced` are PCI addresses or interface names. `driver` None lets us choose; `huge_kib` None
    takes the advised amount; `user` is the ordinary user who is to start aeronmd_dpdk, None for root.
    `program` is what a unit calls at boot; `changeable` is a part of it that somebody other than root may
    change. `dpdk` is the release that we run, None if it is not known. `cpus` are kept for the driver; none
    are if it is empty."""

    parts: frozenset[SetupPart] = frozenset(SetupPart)
    nics: tuple[str, ...] = ()
    driver: str | None = None
    page_kib: int | None = None
    huge_kib: int | None = None
    user: Account | None = None
    forced: frozenset[str] = frozenset()
    is_temporary: bool = False
    cpus: frozenset[int] = frozenset()
    receive_bytes: int = 128 << 10
    send_bytes: int = 0
    program: str = "/usr/bin/aeron-dpdk"
    changeable: str | None = None
    dpdk: DpdkRelease | None = None
