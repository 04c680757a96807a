"""Network devices on the PCI bus (kernel: Documentation/PCI/sysfs-pci.rst,
Documentation/ABI/testing/sysfs-bus-pci), with their names in pci.ids, and DPDK's PMDs for them (DPDK:
"Network Interface Controller Drivers"); and how their memory is mapped at this moment (kernel:
Documentation/arch/x86/pat.rst).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aeron_dpdk.machine.facts.kernel import GROUPS, is_real_group
from aeron_dpdk.machine.tree import Tree

_NOT_INDENTED = re.compile(r"\n[^\t#\n]")
PLACES = ("/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids")


def read_names(tree: Tree, wanted: frozenset[tuple[int, int]]) -> Mapping[tuple[int, int], str]:
    """By vendor and device id. If the file has no name, or there is no file, the name is the two ids in
    hexadecimal."""
    place = next((place for place in PLACES if tree.exists(place)), None)
    text = "" if place is None else f"\n{tree.text(place)}\n"
    return {
        (vendor, device): _name_in(_devices_of(text, vendor), device) or f"Device {vendor:04x}:{device:04x}"
        for vendor, device in wanted
    }


def _devices_of(text: str, vendor: int) -> str:
    """The lines below the vendor's line, up to the next one that is not indented."""
    start = text.find(f"\n{vendor:04x}  ")
    if start < 0:
        return ""
    own_end = text.index("\n", start + 1)
    end = _NOT_INDENTED.search(text, own_end)
    return text[own_end : end.start() + 1 if end else len(text)]


def _name_in(devices: str, device: int) -> str | None:
    found = re.search(rf"\n\t{device:04x}  (.*)", devices)
    return found[1] if found else None


DEVICES = "/sys/bus/pci/devices"
DPDK_DRIVERS = ("vfio-pci", "igb_uio", "uio_pci_generic")
BRIDGE_CLASS = 0x06
AMAZON = 0x1D0F
# DPDK's guides "mlx4", "mlx5" and "mana": their PMDs run beside the kernel driver, and the NIC is not bound.
BIFURCATED_DRIVERS = frozenset({"mlx4_core", "mlx5_core", "mana"})
_NETWORK_CLASS = 0x02
_PREFETCHABLE_MEMORY = 0x2200  # include/linux/ioport.h: IORESOURCE_MEM | IORESOURCE_PREFETCH


@dataclass(frozen=True, slots=True)
class Bar:
    """A prefetchable BAR; `end` is its last byte."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Peer:
    """Another function in the same IOMMU group."""

    address: str
    pci_class: int
    driver: str | None


@dataclass(frozen=True, slots=True)
class Nic:
    """`driver` None means that none is bound. `modules` are the kernel's drivers for it; `interfaces` are its
    names in `ip link`."""

    address: str
    vendor_id: int
    device_id: int
    name: str
    driver: str | None
    modules: tuple[str, ...]
    interfaces: tuple[str, ...]
    numa_node: int | None
    iommu_group: int | None
    peers: tuple[Peer, ...]
    bars: tuple[Bar, ...]
    virtual_functions: int = 0

    @property
    def is_for_dpdk(self) -> bool:
        return self.driver in DPDK_DRIVERS

    @property
    def is_bifurcated(self) -> bool:
        return self.driver in BIFURCATED_DRIVERS

    @property
    def is_ena(self) -> bool:
        return self.vendor_id == AMAZON


def read_nics(tree: Tree, release: str) -> tuple[Nic, ...]:
    """By PCI address."""
    addresses = _network_devices(tree)
    if not addresses:
        return ()
    ids = {address: _ids(tree, address) for address in addresses}
    names = read_names(tree, frozenset(ids.values()))
    aliases = tree.text(f"/lib/modules/{release}/modules.alias") or ""
    return tuple(
        _read_nic(tree, address, ids[address], names[ids[address]], aliases) for address in addresses
    )


def nics_for_dpdk(tree: Tree) -> tuple[str, ...]:
    """The PCI addresses of the NICs that are bound to a driver for DPDK."""
    return tuple(
        address
        for address in _network_devices(tree)
        if tree.link_name(f"{DEVICES}/{address}/driver") in DPDK_DRIVERS
    )


def _network_devices(tree: Tree) -> list[str]:
    classes = {address: tree.number(f"{DEVICES}/{address}/class") or 0 for address in tree.names(DEVICES)}
    return [address for address, pci_class in classes.items() if pci_class >> 16 == _NETWORK_CLASS]


def _ids(tree: Tree, address: str) -> tuple[int, int]:
    directory = f"{DEVICES}/{address}"
    return tree.number(f"{directory}/vendor") or 0, tree.number(f"{directory}/device") or 0


def _read_nic(tree: Tree, address: str, ids: tuple[int, int], name: str, aliases: str) -> Nic:
    directory = f"{DEVICES}/{address}"
    group = tree.link_name(f"{directory}/iommu_group")
    if group is not None and not is_real_group(tree, group):
        group = None
    node = tree.number(f"{directory}/numa_node")
    return Nic(
        address=address,
        vendor_id=ids[0],
        device_id=ids[1],
        name=name,
        driver=tree.link_name(f"{directory}/driver"),
        modules=_modules_for(tree.text(f"{directory}/modalias") or "", aliases),
        interfaces=interface_names(tree, address),
        numa_node=None if node is None or node < 0 else node,
        iommu_group=None if group is None else int(group),
        peers=() if group is None else _read_peers(tree, address, group),
        bars=_read_bars(tree, directory),
        virtual_functions=tree.number(f"{directory}/sriov_numvfs") or 0,
    )


def _modules_for(alias: str, aliases: str) -> tuple[str, ...]:
    """Lines are `alias PATTERN MODULE`. There are tens of thousands, and matching a pattern is slow; so we
    first pick the vendor's, then those that begin as `alias` does."""
    vendor = alias.partition("d")[0]  # pci:v00008086d000010D3sv...
    lines = re.findall(rf"alias ({vendor}\S*) (\S+)", aliases) if vendor else []
    close = [(pattern, module) for pattern, module in lines if alias.startswith(pattern.partition("*")[0])]
    return tuple(sorted({module for pattern, module in close if fnmatchcase(alias, pattern)}))


def interface_names(tree: Tree, address: str) -> tuple[str, ...]:
    """With virtio, a device of virtio's own bus stands between the PCI function and its interface."""
    directory = f"{DEVICES}/{address}"
    inner = [name for name in tree.names(directory) if name.startswith("virtio")]
    places = [f"{directory}/net", *(f"{directory}/{name}/net" for name in inner)]
    return tuple(name for place in places for name in tree.names(place))


def _read_peers(tree: Tree, address: str, group: str) -> tuple[Peer, ...]:
    others = [other for other in tree.names(f"{GROUPS}/{group}/devices") if other != address]
    return tuple(
        Peer(
            other,
            tree.number(f"{DEVICES}/{other}/class") or 0,
            tree.link_name(f"{DEVICES}/{other}/driver"),
        )
        for other in others
    )


def _read_bars(tree: Tree, directory: str) -> tuple[Bar, ...]:
    """`resource` has a line for each BAR: start, end, flags."""
    rows = [[int(word, 16) for word in line.split()] for line in tree.lines(f"{directory}/resource")]
    return tuple(
        Bar(row[0], row[1])
        for row in rows
        if len(row) == 3 and row[2] & _PREFETCHABLE_MEMORY == _PREFETCHABLE_MEMORY
    )


BY_KERNEL_DRIVER = {
    "amd_xgbe": "net_axgbe",
    "atlantic": "net_atlantic",
    "bnx2x": "net_bnx2x",
    "bnxt_en": "net_bnxt",
    "cxgb4": "net_cxgbe",
    "e1000": "net_e1000_em",
    "e1000e": "net_e1000_em",
    "ena": "net_ena",
    "enic": "net_enic",
    "fm10k": "net_fm10k",
    "gve": "net_gve",
    "hinic": "net_hinic",
    "hns3": "net_hns3",
    "i40e": "net_i40e",
    "iavf": "net_iavf",
    "ice": "net_ice",
    "idpf": "net_idpf",
    "igb": "net_e1000_igb",
    "igbvf": "net_e1000_igb_vf",
    "igc": "net_igc",
    "ionic": "net_ionic_pci",
    "ixgbe": "net_ixgbe",
    "ixgbevf": "net_ixgbe_vf",
    "mana": "net_mana",
    "mlx4_core": "net_mlx4",
    "mlx5_core": "net_mlx5",
    "nfp": "net_nfp_pf",
    "ngbe": "net_ngbe",
    "qede": "net_qede",
    "sfc": "net_sfc_efx",
    "txgbe": "net_txgbe",
    "virtio_pci": "net_virtio",
    "vmxnet3": "net_vmxnet3",
}


def pmd_of(nic: Nic, former_driver: str | None) -> str | None:
    """Found by the kernel's driver for it: the present one, the former one, or one that is installed."""
    for driver in (nic.driver, former_driver, *nic.modules):
        found = BY_KERNEL_DRIVER.get((driver or "").replace("-", "_"))
        if found is not None:
            return found
    return None


PAT_LIST = "/sys/kernel/debug/x86/pat_memtype_list"
_ENTRY = re.compile(r"PAT: \[mem 0x([0-9a-f]+)-0x([0-9a-f]+)\] (\S+)|^(\S+) @ 0x([0-9a-f]+)-0x([0-9a-f]+)")


@dataclass(frozen=True, slots=True)
class MemoryMapping:
    """`end` is the first byte after it."""

    start: int
    end: int
    memory_type: str


def read_mappings(tree: Tree) -> tuple[MemoryMapping, ...] | None:
    """None without root or debugfs. Two formats: since Linux 5.2 `PAT: [mem 0x..-0x..] type`, before
    `type @ 0x..-0x..`."""
    if tree.text(PAT_LIST) is None:
        return None
    found = (_ENTRY.match(line) for line in tree.lines(PAT_LIST))
    return tuple(
        MemoryMapping(int(each[1] or each[5], 16), int(each[2] or each[6], 16), each[3] or each[4])
        for each in found
        if each
    )


def types_within(bars: tuple[Bar, ...], mappings: tuple[MemoryMapping, ...]) -> frozenset[str]:
    """How the prefetchable BARs are mapped; empty if nobody has mapped them."""
    return frozenset(
        mapping.memory_type
        for mapping in mappings
        for bar in bars
        if mapping.start <= bar.end and bar.start < mapping.end
    )
