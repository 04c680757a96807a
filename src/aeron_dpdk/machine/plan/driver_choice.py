"""Which driver hands a NIC to DPDK, by what this kernel and this device offer."""

from dataclasses import dataclass

from aeron_dpdk.machine.errors import RefusedError
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.findings.iommu import can_do_without_iommu


@dataclass(frozen=True, slots=True)
class DriverChoice:
    driver: str
    why: str
    needs_no_iommu_mode: bool = False


def choose_driver(facts: Facts, nic: Nic, wanted: str | None = None) -> DriverChoice:
    """Best first: vfio-pci with IOMMU, vfio-pci without, igb_uio, uio_pci_generic. Raises RefusedError when
    there is none, or when what is wanted cannot work."""
    kernel = facts.kernel
    choices = []
    if kernel.offers("vfio_pci") and nic.iommu_group is not None:
        why = "this device is behind an IOMMU, which protects memory and needs no root"
        choices.append(DriverChoice("vfio-pci", why))
    elif kernel.offers("vfio_pci") and can_do_without_iommu(facts):
        why = "there is no IOMMU, but this kernel's vfio can do without (its unsafe no-IOMMU mode; root only)"
        choices.append(DriverChoice("vfio-pci", why, needs_no_iommu_mode=True))
    if kernel.offers("igb_uio") and nic.iommu_group is None:
        gain = ", and it maps ENA's memory write-combining (wc_activate=1)" if nic.is_ena else ""
        choices.append(DriverChoice("igb_uio", f"it is installed and needs no IOMMU{gain}"))
    if kernel.offers("uio_pci_generic") and nic.iommu_group is None:
        loss = (
            ": without write-combining or interrupts, and only for DPDK 24.03 or newer" if nic.is_ena else ""
        )
        why = (
            f"neither an IOMMU nor vfio's no-IOMMU mode is there, and this is what remains{loss} (root only)"
        )
        choices.append(DriverChoice("uio_pci_generic", why))
    fitting = [choice for choice in choices if wanted in (None, choice.driver)]
    if fitting:
        return fitting[0]
    if wanted is not None:
        offer = f", but {', '.join(choice.driver for choice in choices)} would" if choices else ""
        raise RefusedError(
            f"{wanted} does not work for {nic.address} on this machine{offer}",
            "aeron-dpdk doctor says why (iommu.state, iommu.no-iommu-mode, vfio.module)",
        )
    raise RefusedError(
        f"this kernel ({kernel.release}) has no driver that could hand {nic.address} to DPDK",
        "switch the IOMMU on, or install the package with vfio-pci or uio_pci_generic for this kernel",
    )
