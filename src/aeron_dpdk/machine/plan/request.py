"""What the operator asked setup for."""

from dataclasses import dataclass
from enum import StrEnum

from aeron_dpdk.machine.facts.accounts import Account

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
    """`nics` are PCI addresses or interface names, and so is `forced`. `driver` None lets us choose,
    `huge_kib` None takes what is advised, `user` is the ordinary user who shall start aeronmd_dpdk, None for
    root. `program` is what a unit calls at boot, `changeable` a part of it that
    somebody else than root may change, `dpdk` the release that we run, None if not known. `cpus`
    are kept for the driver; empty changes no CPU. Lengths in bytes."""

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
