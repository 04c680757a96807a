"""Which NICs setup is about, and which it must not touch."""

from collections.abc import Iterator

from aeron_dpdk.machine.errors import RefusedError
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.facts.saved_nic import place
from aeron_dpdk.machine.findings.nics import is_free, sharers, why_not
from aeron_dpdk.machine.plan.setup_request import Part, SetupRequest


def choose_nics(facts: Facts, request: SetupRequest) -> tuple[Nic, ...]:
    """Those named; else those that DPDK has already; else those that are free, of which only one can be meant
    where it shall be bound. Raises RefusedError where somebody must choose."""
    if request.nics:
        return tuple(_named(facts, name) for name in request.nics)
    bound = tuple(nic for nic in facts.nics if nic.is_for_dpdk)
    if bound:
        return bound
    free = [nic for nic in facts.nics if not nic.is_bifurcated and is_free(facts, nic)]
    if len(free) > 1 and Part.BIND in request.parts:
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
    """At boot the unit asks by PCI address and with force, and a card may have moved. Raises RefusedError."""
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
        yield from interface.beyond_saving
        for upper in facts.network.values():
            if upper.lower == interface.name:
                yield f"{upper.name}, which stands on {interface.name}"


def refuse_to_take(facts: Facts, nic: Nic, together: tuple[Nic, ...], forced: frozenset[str]) -> None:
    """Raises RefusedError where the machine would lose what it needs, or the binding could not work."""
    _refuse_another(facts, nic)
    if lost := tuple(_beyond_saving(facts, nic)):
        raise RefusedError(
            f"{nic.address} stays: undo could not make again {', '.join(lost)}",
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
            f"away "
            "whole groups only",
            "name all of them with --nic if they are NICs, or use another slot",
        )
