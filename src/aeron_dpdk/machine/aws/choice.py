"""Metadata, MAC addresses and PCI addresses brought together: which ENI is DPDK's."""

from collections.abc import Sequence
from dataclasses import dataclass

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.aws.metadata import NetworkInterface
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic


@dataclass(frozen=True, slots=True)
class Eni:
    """`nic` is None where no PCI device has that MAC address."""

    interface: NetworkInterface
    nic: Nic | None


def match(facts: Facts, interfaces: Sequence[NetworkInterface]) -> tuple[Eni, ...]:
    """By MAC: of the kernel's interface, or of what setup saved when the NIC left the kernel."""
    by_mac: dict[str, Nic] = {}
    for nic in facts.nics:
        saved = facts.saved_of(nic)
        owned = facts.interfaces_of(nic) or ((saved.interface,) if saved else ())
        by_mac.update({interface.mac.lower(): nic for interface in owned})
    return tuple(Eni(interface, by_mac.get(interface.mac)) for interface in interfaces)


def choose(enis: Sequence[Eni], wanted: str | None = None) -> Eni:
    """The one named (ENI id, PCI address or interface), or the only one that is not primary. Raises
    RefusedError."""
    others = [eni for eni in enis if not eni.interface.is_primary]
    if wanted is not None:
        others = [eni for eni in others if wanted in _names(eni)]
    listing = "; ".join(describe(eni) for eni in enis) or "none"
    if not others:
        complaint = f"there is no secondary interface{f' {wanted}' if wanted else ''}, only: {listing}"
        raise RefusedError(
            complaint, "attach a second network interface to this instance (EC2 console, Actions)"
        )
    if len(others) > 1:
        raise RefusedError(f"there are several secondary interfaces: {listing}", "say which one with --nic")
    if others[0].nic is None:
        raise RefusedError(
            f"{describe(others[0])} has a MAC address that no PCI device here has",
            "if it is bound already, give it back first (aeron-dpdk setup --undo, or dpdk-devbind.py -b ena)",
        )
    return others[0]


def _names(eni: Eni) -> tuple[str, ...]:
    nic = eni.nic
    return (eni.interface.interface_id, *((nic.address, *nic.interfaces) if nic else ()))


def describe(eni: Eni) -> str:
    device = f"{eni.nic.address} {' '.join(eni.nic.interfaces)}".strip() if eni.nic else "no PCI device"
    kind = "primary" if eni.interface.is_primary else f"device {eni.interface.device_number}"
    return f"{eni.interface.interface_id} {eni.interface.address} ({kind}, {device})"
