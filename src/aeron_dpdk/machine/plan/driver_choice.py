"""Which driver hands a NIC to DPDK, by what this kernel and this device offer."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.machine.errors import RefusedError
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.findings.iommu import can_do_without_iommu
from aeron_dpdk.machine.plan.setup_request import DpdkRelease

# DPDK's guide "ENA": uio_pci_generic has no interrupts, so the PMD must be told to poll the admin queue.
ENA_POLLS_SINCE: DpdkRelease = (24, 3)
ENA_POLL_ARGUMENT = "control_path_poll_interval=1000"


@dataclass(frozen=True, slots=True)
class DriverChoice:
    driver: str
    why: str
    needs_no_iommu_mode: bool = False


def choose_driver(
    facts: Facts, nic: Nic, wanted: str | None = None, dpdk: DpdkRelease | None = None
) -> DriverChoice:
    """Best first: vfio-pci with IOMMU, vfio-pci without, igb_uio, uio_pci_generic. `dpdk` is None where it is
    not known. Raises RefusedError when there is none, or when what is wanted cannot work."""
    choices = tuple(_choices(facts, nic, dpdk))
    fitting = [choice for choice in choices if wanted in (None, choice.driver)]
    if fitting:
        return fitting[0]
    if not _can_poll(nic, dpdk) and facts.kernel.offers("uio_pci_generic") and nic.iommu_group is None:
        raise _no_polling(facts, nic, dpdk)
    if wanted is not None:
        offer = f", but {', '.join(choice.driver for choice in choices)} would" if choices else ""
        raise RefusedError(
            f"{wanted} does not work for {nic.address} on this machine{offer}",
            "aeron-dpdk doctor says why (iommu.state, iommu.no-iommu-mode, vfio.module)",
        )
    raise RefusedError(
        f"this kernel ({facts.kernel.release}) has no driver that could hand {nic.address} to DPDK",
        "switch the IOMMU on, or install the package with vfio-pci or uio_pci_generic for this kernel",
    )


def _choices(facts: Facts, nic: Nic, dpdk: DpdkRelease | None) -> Iterator[DriverChoice]:
    kernel = facts.kernel
    if kernel.offers("vfio_pci") and nic.iommu_group is not None:
        why = "this device is behind an IOMMU, which protects memory and needs no root"
        yield DriverChoice("vfio-pci", why)
    elif kernel.offers("vfio_pci") and can_do_without_iommu(facts):
        why = "there is no IOMMU, but this kernel's vfio can do without (its unsafe no-IOMMU mode; root only)"
        yield DriverChoice("vfio-pci", why, needs_no_iommu_mode=True)
    if kernel.offers("igb_uio") and nic.iommu_group is None:
        gain = ", and it maps ENA's memory write-combining (wc_activate=1)" if nic.is_ena else ""
        yield DriverChoice("igb_uio", f"it is installed and needs no IOMMU{gain}")
    if kernel.offers("uio_pci_generic") and nic.iommu_group is None and _can_poll(nic, dpdk):
        loss = f": without write-combining or interrupts (-a …,{ENA_POLL_ARGUMENT})" if nic.is_ena else ""
        why = (
            f"neither an IOMMU nor vfio's no-IOMMU mode is there, and this is what remains{loss} (root only)"
        )
        yield DriverChoice("uio_pci_generic", why)


def _can_poll(nic: Nic, dpdk: DpdkRelease | None) -> bool:
    return not nic.is_ena or dpdk is None or dpdk >= ENA_POLLS_SINCE


def _no_polling(facts: Facts, nic: Nic, dpdk: DpdkRelease | None) -> RefusedError:
    assert dpdk is not None
    return RefusedError(
        f"this kernel ({facts.kernel.release}) offers {nic.address} uio_pci_generic only, on which ENA needs "
        f"DPDK 24.03, and this is {dpdk[0]}.{dpdk[1]:02}",
        "use a kernel whose vfio has the no-IOMMU mode (Ubuntu's and Amazon Linux's have), install igb_uio "
        "(dpdk-kmods-dkms), or a newer DPDK",
    )


def allow_argument(nic: Nic) -> str:
    """What DPDK's -a takes for this NIC, with the device arguments that its driver asks for."""
    polls = nic.is_ena and nic.driver == "uio_pci_generic"
    return f"{nic.address},{ENA_POLL_ARGUMENT}" if polls else nic.address
