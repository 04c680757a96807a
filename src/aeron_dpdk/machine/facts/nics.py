"""Network devices on the PCI bus (kernel: Documentation/PCI/sysfs-pci.rst,
Documentation/ABI/testing/sysfs-bus-pci)."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aeron_dpdk.machine.facts.iommu import GROUPS, is_real_group
from aeron_dpdk.machine.facts.pci_names import read_names
from aeron_dpdk.machine.tree import Tree

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
    """A prefetchable one; `end` is its last byte."""

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
    """`driver` None means that none is bound. `modules` are the kernel's drivers for it, `interfaces` its
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
    classes = {address: tree.number(f"{DEVICES}/{address}/class") or 0 for address in tree.names(DEVICES)}
    addresses = [address for address, pci_class in classes.items() if pci_class >> 16 == _NETWORK_CLASS]
    if not addresses:
        return ()
    ids = {address: _ids(tree, address) for address in addresses}
    names = read_names(tree, frozenset(ids.values()))
    aliases = tree.text(f"/lib/modules/{release}/modules.alias") or ""
    return tuple(
        _read_nic(tree, address, ids[address], names[ids[address]], aliases) for address in addresses
    )


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
    """Lines are `alias PATTERN MODULE`. There are tens of thousands, and to match a pattern is slow: so first
    the vendor's, then those that begin as `alias` does."""
    vendor = alias.partition("d")[0]  # pci:v00008086d000010D3sv...
    lines = re.findall(rf"alias ({vendor}\S*) (\S+)", aliases) if vendor else []
    close = [(pattern, module) for pattern, module in lines if alias.startswith(pattern.partition("*")[0])]
    return tuple(sorted({module for pattern, module in close if fnmatchcase(alias, pattern)}))


def interface_names(tree: Tree, address: str) -> tuple[str, ...]:
    """virtio puts a device of its own bus between the PCI function and its interface."""
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
