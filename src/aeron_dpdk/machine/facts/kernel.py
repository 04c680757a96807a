"""The running kernel: its command line, what it was built with, which modules it has; and the IOMMU, with
what vfio may do without one (kernel: Documentation/driver-api/vfio.rst)."""

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aeron_dpdk.machine.tree import Tree

MODULES = ("vfio", "vfio_pci", "vfio_iommu_type1", "uio", "uio_pci_generic", "igb_uio")
_OPTION = re.compile(
    r"^(?:(CONFIG_(?:VFIO|UIO|IOMMU|INTEL_IOMMU|AMD_IOMMU)\w*)=(\S+)|# (CONFIG_\w+) is not set)$"
)
# UEFI specification §3.3: EFI_GLOBAL_VARIABLE; efivarfs puts four bytes of attributes before the value.
_SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"


class Presence(StrEnum):
    LOADED = "loaded"
    BUILT_IN = "built in"
    INSTALLED = "installed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Kernel:
    """`config` is None if this kernel does not show it; its values are y, m or n."""

    release: str
    command_line: tuple[str, ...]
    config: Mapping[str, str] | None
    modules: Mapping[str, Presence]
    is_secure_boot: bool

    def offers(self, module: str) -> bool:
        return self.modules[module] is not Presence.ABSENT

    def runs(self, module: str) -> bool:
        return self.modules[module] in (Presence.LOADED, Presence.BUILT_IN)

    def argument(self, name: str) -> str | None:
        """The last value given for a boot parameter; "" if it stands without one."""
        found = None
        for each in self.command_line:
            key, _, value = each.partition("=")
            if key == name:
                found = value
        return found


def read_kernel(tree: Tree) -> Kernel:
    release = tree.text("/proc/sys/kernel/osrelease") or "unknown"
    secure_boot = tree.data(_SECURE_BOOT)
    return Kernel(
        release=release,
        command_line=tuple((tree.text("/proc/cmdline") or "").split()),
        config=_read_config(tree, release),
        modules=_read_modules(tree, release),
        is_secure_boot=secure_boot is not None and secure_boot[-1:] == b"\x01",
    )


def _read_config(tree: Tree, release: str) -> Mapping[str, str] | None:
    packed = tree.data("/proc/config.gz")
    if packed is not None:
        return _options(gzip.decompress(packed).decode().splitlines())
    for name in (f"/boot/config-{release}", f"/lib/modules/{release}/config"):
        if tree.exists(name):
            return _options(tree.lines(name))
    return None


def _options(lines: Iterable[str]) -> Mapping[str, str]:
    found = {}
    for line in lines:
        option = _OPTION.match(line)
        if option:
            found[option[1] or option[3]] = option[2] or "n"
    return found


def _read_modules(tree: Tree, release: str) -> Mapping[str, Presence]:
    directory = f"/lib/modules/{release}"
    loaded = {line.split()[0] for line in tree.lines("/proc/modules")}
    built_in = {_module_name(line) for line in tree.lines(f"{directory}/modules.builtin")}
    installed = {_module_name(line.partition(":")[0]) for line in tree.lines(f"{directory}/modules.dep")}
    presences = {}
    for module in MODULES:
        if module in loaded:
            presences[module] = Presence.LOADED
        elif module in built_in or tree.exists(f"/sys/module/{module}"):
            presences[module] = Presence.BUILT_IN
        else:
            presences[module] = Presence.INSTALLED if module in installed else Presence.ABSENT
    return presences


def _module_name(path: str) -> str:
    """kernel/drivers/vfio/pci/vfio-pci.ko.xz is vfio_pci."""
    return path.rpartition("/")[2].partition(".ko")[0].replace("-", "_")


NO_IOMMU_MODE = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
UNSAFE_INTERRUPTS = "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
GROUPS = "/sys/kernel/iommu_groups"
_INTERRUPT_REMAPPING = 1 << 3  # Intel VT-d specification, Extended Capability Register: IR


@dataclass(frozen=True, slots=True)
class Iommu:
    """`groups` counts the groups that have a device: 0 means that no IOMMU is in use. `domain_types` are
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
    """Whether an Intel IOMMU, which shows its capabilities, can; None for others, unless it was switched off
    at boot."""
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
