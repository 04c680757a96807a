"""All changes for the operator's request, in their order."""

from collections.abc import Iterator
from dataclasses import dataclass

from aeron_dpdk.machine.change.resources import Change
from aeron_dpdk.machine.facts.files import MODULES_FILE, SYSCTL_FILE
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.findings.iommu import boot_arguments, to_boot_with
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan import boot, cpus, devices, memory
from aeron_dpdk.machine.plan.choice import DriverChoice, choose_driver, choose_nics, refuse_to_take


@dataclass(frozen=True, slots=True)
class Plan:
    """`notes` say what was decided and why, and what only the operator can do."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()


ONLY_FOR_BOOT = frozenset({MODULES_FILE, SYSCTL_FILE})
ABOUT_NICS = frozenset(
    {SetupPart.IOMMU, SetupPart.VFIO, SetupPart.BIND, SetupPart.PERMISSIONS, SetupPart.BOOT}
)


def make_plan(facts: Facts, request: SetupRequest) -> Plan:
    """Raises RefusedError."""
    notes: list[str] = []
    if facts.in_container:
        notes.append("this is a container: its kernel and devices belong to the host, where setup should run")
    if SetupPart.CPUS in request.parts:
        cpus.refuse_cpus(facts, request.cpus)
        notes.extend(cpus.notes_on(facts, request))
    nics = _nics(facts, request, notes) if request.parts & ABOUT_NICS else ()
    choices = {nic.address: _choice(facts, request, nic) for nic in nics}
    for nic in nics:
        if SetupPart.BIND in request.parts and nic.driver != choices[nic.address].driver:
            refuse_to_take(facts, nic, nics, request.forced)
        notes.append(f"{nic.address}: {choices[nic.address].driver}, because {choices[nic.address].why}")
    changes = tuple(
        change
        for change in _changes(facts, request, nics, choices)
        if not (request.is_temporary and change.resource.target in ONLY_FOR_BOOT)
    )
    if any(change.resource.kind == "boot-arguments" for change in changes):
        notes.append("the IOMMU is on only after a reboot; run setup again then")
    if any(change.resource.kind == "cpu-arguments" for change in changes):
        notes.append("the CPUs are isolated only after a reboot")
    if SetupPart.BOOT in request.parts and request.changeable is not None:
        notes.append(
            f"not repeated at boot, when it would run as root: {request.changeable} can be changed by others "
            "than root; install aeron-dpdk as root, below /opt for instance, and run setup from there"
        )
    if SetupPart.BOOT in request.parts and not facts.files.has_systemd:
        notes.append(f"no systemd here: run {request.program} setup again at each boot")
    return Plan(changes, tuple(notes))


def _nics(facts: Facts, request: SetupRequest, notes: list[str]) -> tuple[Nic, ...]:
    chosen = choose_nics(facts, request)
    if not chosen and SetupPart.BIND in request.parts:
        notes.append("no NIC on the PCI bus is free and needs binding: nothing to bind")
    if request.user is not None and not facts.iommu.is_on:
        notes.append(_iommu_note(facts, request.user.name))
        return ()
    for nic in chosen:
        if nic.is_bifurcated:
            notes.append(f"{nic.address}: stays with {nic.driver}, beside which DPDK works")
    return tuple(nic for nic in chosen if not nic.is_bifurcated)


def _iommu_note(facts: Facts, user: str) -> str:
    needs = f"{user} needs an IOMMU, which is off, so no NIC is bound yet"
    if boot_arguments(facts) is None:
        return f"{needs}: {to_boot_with(facts)}"
    if facts.files.has_boot_menu_tool:
        return needs
    return f"{needs}: {to_boot_with(facts)} (this machine has no boot loader that setup knows)"


def _choice(facts: Facts, request: SetupRequest, nic: Nic) -> DriverChoice:
    """A NIC that DPDK has already keeps its driver, unless another one is requested."""
    if nic.is_for_dpdk and request.driver in (None, nic.driver):
        assert nic.driver is not None
        needs_mode = nic.driver == "vfio-pci" and not facts.iommu.is_on
        return DriverChoice(nic.driver, "it is bound already", needs_mode)
    return choose_driver(facts, nic, request.driver, request.dpdk)


def _changes(
    facts: Facts, request: SetupRequest, nics: tuple[Nic, ...], by_address: dict[str, DriverChoice]
) -> Iterator[Change]:
    parts, choices = request.parts, tuple(by_address.values())
    taken = nics if SetupPart.BIND in parts else tuple(nic for nic in nics if nic.is_for_dpdk)
    if SetupPart.HUGE_PAGES in parts:
        yield from memory.reserve_huge_pages(facts, request, nics)
    if SetupPart.SOCKETS in parts:
        yield from memory.raise_socket_buffers(facts, request)
    if SetupPart.LIMITS in parts:
        yield from memory.lift_memory_lock(request)
    if SetupPart.IOMMU in parts:
        yield from devices.switch_iommu_on(facts, request)
        yield from devices.set_module_options(facts, choices)
    if SetupPart.VFIO in parts:
        yield from devices.load_modules(facts, choices)
    if SetupPart.IOMMU in parts:
        yield from devices.set_vfio_parameters(facts, choices)
    if SetupPart.BIND in parts:
        for nic in taken:
            yield from devices.bind(facts, nic, by_address[nic.address])
    if SetupPart.PERMISSIONS in parts:
        yield from devices.open_to_user(facts, request, taken)
    if SetupPart.CPUS in parts:
        yield from cpus.keep_cpus(facts, request)
    if SetupPart.BOOT in parts and facts.files.has_systemd and request.changeable is None:
        chosen = tuple(by_address[nic.address] for nic in taken)
        yield from boot.repeat_at_boot(request, boot.unit_arguments(facts, request, taken, chosen))
