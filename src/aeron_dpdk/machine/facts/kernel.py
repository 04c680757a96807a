"""The running kernel: its command line, what it was built with, which modules it has."""

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
    """`config` is None where this kernel does not show it; its values are y, m or n."""

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
        """The last value given for a boot parameter; "" where it stands alone."""
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
