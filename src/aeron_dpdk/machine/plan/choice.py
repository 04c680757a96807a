"""Which NICs setup takes, which it must not touch, and which driver hands one to DPDK, given what this kernel
and this device offer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.facts.interface import KernelInterface
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.facts.saved_nic import place
from aeron_dpdk.machine.findings.iommu import can_do_without_iommu
from aeron_dpdk.machine.findings.nics import is_free, sharers, why_not
from aeron_dpdk.machine.intent import DpdkRelease, SetupPart, SetupRequest

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
    """Best first: vfio-pci with IOMMU, vfio-pci without, igb_uio, uio_pci_generic. `dpdk` is None if it is
    not known. Raises RefusedError if there is no driver, or if the wanted one cannot work."""
    choices = tuple(_choices(facts, nic, dpdk))
    fitting = [choice for choice in choices if wanted in (None, choice.driver)]
    if fitting:
        return fitting[0]
    is_uio_meant = wanted in (None, "uio_pci_generic") and facts.kernel.offers("uio_pci_generic")
    if is_uio_meant and nic.iommu_group is None and not _can_poll(nic, dpdk):
        raise _no_polling(facts, nic, dpdk, choices)
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
        why = "there is no IOMMU, but this kernel's vfio can work without (unsafe no-IOMMU mode; root only)"
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


def _no_polling(
    facts: Facts, nic: Nic, dpdk: DpdkRelease | None, choices: Sequence[DriverChoice]
) -> RefusedError:
    assert dpdk is not None
    needs = f"ENA needs DPDK 24.03 on uio_pci_generic, and this is {dpdk[0]}.{dpdk[1]:02}"
    if choices:
        offer = ", ".join(choice.driver for choice in choices)
        return RefusedError(f"{nic.address}: {needs}", f"use {offer}, or a newer DPDK")
    return RefusedError(
        f"this kernel ({facts.kernel.release}) offers {nic.address} uio_pci_generic only: {needs}",
        "use a kernel whose vfio has the no-IOMMU mode (Ubuntu's and Amazon Linux's have), install igb_uio "
        "(dpdk-kmods-dkms), or a newer DPDK",
    )


def allow_argument(nic: Nic) -> str:
    """The value of DPDK's -a for this NIC, with the device arguments that it needs with its driver."""
    polls = nic.is_ena and nic.driver == "uio_pci_generic"
    return f"{nic.address},{ENA_POLL_ARGUMENT}" if polls else nic.address


def choose_nics(facts: Facts, request: SetupRequest) -> tuple[Nic, ...]:
    """Those that are named; otherwise those that DPDK has already; otherwise those that are free. If one is
    to be bound and several are free, raises RefusedError, since somebody must choose."""
    if request.nics:
        return tuple(_named(facts, name) for name in request.nics)
    bound = tuple(nic for nic in facts.nics if nic.is_for_dpdk)
    if bound:
        return bound
    free = [nic for nic in facts.nics if not nic.is_bifurcated and is_free(facts, nic)]
    if len(free) > 1 and SetupPart.BIND in request.parts:
        choice = ", ".join(f"{nic.address} ({' '.join(nic.interfaces) or nic.name})" for nic in free)
        raise RefusedError(f"several NICs are free: {choice}", "say which one with --nic")
    return tuple(free)


def _named(facts: Facts, name: str) -> Nic:
    nic = facts.nic(name)
    if nic is None:
        known = ", ".join(nic.address for nic in facts.nics) or "none"
        raise RefusedError(
            f"{name} is no network device on the PCI bus (there are {known})", "see aeron-dpdk devices"
        )
    return nic


def _refuse_another(facts: Facts, nic: Nic) -> None:
    """The unit at boot names PCI addresses, with force; cards may have been moved. Raises RefusedError."""
    saved = facts.saved_of(nic)
    for interface in facts.interfaces_of(nic):
        if saved is not None and interface.own_mac != saved.interface.own_mac:
            raise RefusedError(
                f"{nic.address} is not the NIC that setup took there: its MAC address is "
                f"{interface.own_mac}, and that of the saved one {saved.interface.own_mac}",
                f"aeron-dpdk setup --undo, or sudo rm {place(nic.address)}; then set up again",
            )


def _beyond_saving(facts: Facts, nic: Nic) -> Iterator[str]:
    if nic.virtual_functions:
        yield f"its {nic.virtual_functions} virtual functions (sriov_numvfs)"
    for interface in facts.interfaces_of(nic):
        yield from _beyond_saving_of(facts, interface)


def _beyond_saving_of(facts: Facts, interface: KernelInterface) -> Iterator[str]:
    yield from interface.beyond_saving
    for upper in facts.network.values():
        if upper.lower == interface.name and upper not in interface.vlans:
            yield f"{upper.name}, which stands on {interface.name}"
    for vlan in interface.vlans:
        yield from _beyond_saving_of(facts, vlan)


def refuse_to_take(facts: Facts, nic: Nic, together: tuple[Nic, ...], forced: frozenset[str]) -> None:
    """Raises RefusedError if the machine would lose what it needs, or if the binding could not work."""
    _refuse_another(facts, nic)
    if lost := tuple(_beyond_saving(facts, nic)):
        raise RefusedError(
            f"{nic.address} is left alone: undo could not restore {', '.join(lost)}",
            "remove that first, and set it up again after undo",
        )
    reason = why_not(facts, nic)
    if reason is not None and not forced & facts.names_of(nic):
        raise RefusedError(f"{nic.address} stays: {reason}", f"if you mean it: --force {nic.address}")
    taken = {each.address for each in together}
    others = [each for each in sharers(nic) if each.partition(" ")[0] not in taken]
    if others:
        raise RefusedError(
            f"{nic.address} shares IOMMU group {nic.iommu_group} with {', '.join(others)}, and vfio gives "
            "away whole groups only",
            "name all of them with --nic if they are NICs, or use another slot",
        )
