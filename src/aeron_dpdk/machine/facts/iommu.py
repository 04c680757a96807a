"""The IOMMU, and what vfio may do without one (kernel: Documentation/driver-api/vfio.rst)."""

from dataclasses import dataclass

from aeron_dpdk.machine.tree import Tree

NO_IOMMU_MODE = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
UNSAFE_INTERRUPTS = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
GROUPS = "/sys/kernel/iommu_groups"
_INTERRUPT_REMAPPING = 1 << 3  # Intel VT-d specification, Extended Capability Register: IR


@dataclass(frozen=True, slots=True)
class Iommu:
    """`groups` counts the groups with a device in them: 0 means that no IOMMU is at work. `domain_types` are
    those of the groups, DMA or identity (pass-through). None means that the kernel does not say."""

    groups: int
    domain_types: frozenset[str]
    is_in_firmware: bool
    is_amd: bool
    remaps_interrupts: bool | None
    no_iommu_mode: bool | None
    unsafe_interrupts: bool | None

    @property
    def is_on(self) -> bool:
        return self.groups > 0


def read_iommu(tree: Tree) -> Iommu:
    groups = [group for group in tree.names(GROUPS) if is_real_group(tree, group)]
    types = {tree.text(f"{GROUPS}/{group}/type") for group in groups}
    return Iommu(
        groups=len(groups),
        domain_types=frozenset(each for each in types if each is not None),
        is_in_firmware=any(tree.exists(f"/sys/firmware/acpi/tables/{table}") for table in ("DMAR", "IVRS")),
        is_amd="AuthenticAMD" in (tree.text("/proc/cpuinfo") or ""),
        remaps_interrupts=_remaps_interrupts(tree),
        no_iommu_mode=_switch(tree, NO_IOMMU_MODE),
        unsafe_interrupts=_switch(tree, UNSAFE_INTERRUPTS),
    )


def is_real_group(tree: Tree, group: str) -> bool:
    """vfio makes up a group for each device that it takes without an IOMMU (drivers/vfio/group.c)."""
    return tree.text(f"{GROUPS}/{group}/name") != "vfio-noiommu"


def _remaps_interrupts(tree: Tree) -> bool | None:
    """Of Intel's, which shows its capabilities; None for others, unless it was switched off at boot."""
    if "intremap=off" in (tree.text("/proc/cmdline") or "").split():
        return False
    capabilities = [
        tree.text(f"/sys/class/iommu/{unit}/intel-iommu/ecap") for unit in tree.names("/sys/class/iommu")
    ]
    shown = [int(each, 16) for each in capabilities if each]
    return all(each & _INTERRUPT_REMAPPING for each in shown) if shown else None


def _switch(tree: Tree, name: str) -> bool | None:
    shown = tree.text(name)
    return None if shown is None else shown in ("Y", "1")
