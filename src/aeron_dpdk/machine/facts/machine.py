"""All facts of a host at once."""

from dataclasses import dataclass

from aeron_dpdk.machine.facts.cpus import Cpus, read_cpus
from aeron_dpdk.machine.facts.files import Files, read_files
from aeron_dpdk.machine.facts.interface import KernelInterface, Network
from aeron_dpdk.machine.facts.kernel import Iommu, Kernel, read_iommu, read_kernel
from aeron_dpdk.machine.facts.memory import Memory, read_memory
from aeron_dpdk.machine.facts.nics import MemoryMapping, Nic, read_mappings, read_nics
from aeron_dpdk.machine.facts.saved_nic import SavedNic, read_saved_nics
from aeron_dpdk.machine.facts.session import Session, read_session
from aeron_dpdk.machine.tree import Permissions, Tree

VFIO_DEVICES = "/dev/vfio"
# Of Docker, of Podman, of a pod (its service account; Kubernetes: "Accessing the Kubernetes API from a Pod"),
# and what systemd writes for the others (systemd: CONTAINER_INTERFACE).
CONTAINER_SIGNS = (
    "/.dockerenv",
    "/run/.containerenv",
    "/var/run/secrets/kubernetes.io",
    "/run/systemd/container",
)


@dataclass(frozen=True, slots=True)
class Facts:
    """`vfio_devices` are the files of /dev/vfio. `mappings` is None if they cannot be read."""

    kernel: Kernel
    iommu: Iommu
    memory: Memory
    cpus: Cpus
    nics: tuple[Nic, ...]
    network: Network
    session: Session
    files: Files
    saved_nics: tuple[SavedNic, ...]
    vfio_devices: dict[str, Permissions]
    mappings: tuple[MemoryMapping, ...] | None
    in_container: bool

    def interfaces_of(self, nic: Nic) -> tuple[KernelInterface, ...]:
        return tuple(self.network[name] for name in nic.interfaces if name in self.network)

    def above(self, interface: KernelInterface) -> tuple[KernelInterface, ...]:
        """Bonds, bridges, VLANs and the like that are based on it, directly or indirectly."""
        found = [interface]
        for below in found:
            found += [
                other
                for other in self.network.values()
                if other not in found and (other.lower == below.name or below.master == other.name)
            ]
        return tuple(found[1:])

    def saved_of(self, nic: Nic) -> SavedNic | None:
        return next((saved for saved in self.saved_nics if saved.address == nic.address), None)

    def names_of(self, nic: Nic) -> frozenset[str]:
        """What an operator may call it: its PCI address, with or without the domain; its interface, or a VLAN
        on it; also the names that those had before setup took it."""
        saved = self.saved_of(nic)
        former = (saved.interface,) if saved is not None and not nic.interfaces else ()
        vlans = (vlan.name for own in (*self.interfaces_of(nic), *former) for vlan in own.vlans)
        return frozenset(
            {nic.address, nic.address[5:], *nic.interfaces, *(own.name for own in former), *vlans}
        )

    def nic(self, name: str) -> Nic | None:
        return next((nic for nic in self.nics if name in self.names_of(nic)), None)


def read_facts(tree: Tree, network: Network) -> Facts:
    kernel = read_kernel(tree)
    memory = read_memory(tree)
    found = {name: tree.permissions(f"{VFIO_DEVICES}/{name}") for name in tree.names(VFIO_DEVICES)}
    return Facts(
        kernel=kernel,
        iommu=read_iommu(tree),
        memory=memory,
        cpus=read_cpus(tree),
        nics=read_nics(tree, kernel.release),
        network=network,
        session=read_session(tree),
        files=read_files(tree, memory.mounts),
        saved_nics=read_saved_nics(tree),
        vfio_devices={name: permissions for name, permissions in found.items() if permissions is not None},
        mappings=read_mappings(tree),
        in_container=any(tree.exists(sign) for sign in CONTAINER_SIGNS),
    )
