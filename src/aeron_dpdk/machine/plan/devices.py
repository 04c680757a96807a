"""IOMMU, modules, binding, permissions."""

from collections.abc import Iterable, Iterator

from aeron_dpdk.machine.change.nic_resources import NetworkConfiguration, PciBinding, at_rest
from aeron_dpdk.machine.change.resources import (
    BootArguments,
    Change,
    ConfigFile,
    FilePermissions,
    KernelModule,
    KernelValue,
)
from aeron_dpdk.machine.facts.files import MODULE_OPTIONS_FILE, MODULES_FILE
from aeron_dpdk.machine.facts.kernel import NO_IOMMU_MODE, UNSAFE_INTERRUPTS, Presence
from aeron_dpdk.machine.facts.machine import VFIO_DEVICES, Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.facts.saved_nic import SavedNic, place, to_json
from aeron_dpdk.machine.findings.iommu import boot_arguments
from aeron_dpdk.machine.intent import SetupRequest
from aeron_dpdk.machine.plan.choice import DriverChoice
from aeron_dpdk.machine.plan.memory import HEAD

DMESG = "the kernel's messages say why (dmesg | tail)"


def switch_iommu_on(facts: Facts, request: SetupRequest) -> Iterator[Change]:
    """For an ordinary user, who cannot do without an IOMMU. Takes effect after a reboot."""
    arguments = boot_arguments(facts)
    if request.user is None or facts.iommu.is_on or not facts.files.has_boot_menu_tool or arguments is None:
        return
    yield Change(
        BootArguments(arguments),
        arguments.split(),
        "an ordinary user needs the IOMMU, which the kernel switches on at boot",
        "add the arguments to the boot loader's configuration by hand",
    )


def set_module_options(facts: Facts, choices: Iterable[DriverChoice]) -> Iterator[Change]:
    """Comes before loading the modules, since igb_uio reads its option only then."""
    text = "".join(f"options {line}\n" for line in _module_options(facts, choices))
    if text:
        why = "options of the modules, from now on and at boot"
        yield Change(ConfigFile(MODULE_OPTIONS_FILE), {"text": HEAD + text, "mode": 0o644}, why)


def _module_options(facts: Facts, choices: Iterable[DriverChoice]) -> Iterator[str]:
    choices = tuple(choices)
    if any(choice.needs_no_iommu_mode for choice in choices):
        yield "vfio enable_unsafe_noiommu_mode=1"
    if needs_unsafe_interrupts(facts):
        yield "vfio_iommu_type1 allow_unsafe_interrupts=1"
    if any(choice.driver == "igb_uio" for choice in choices):
        yield "igb_uio wc_activate=1"


def needs_unsafe_interrupts(facts: Facts) -> bool:
    return facts.iommu.is_on and facts.iommu.remaps_interrupts is False


def set_vfio_parameters(facts: Facts, choices: Iterable[DriverChoice]) -> Iterator[Change]:
    """For a vfio that is loaded or built in, and has read its options already."""
    if any(choice.needs_no_iommu_mode for choice in choices):
        why = "there is no IOMMU, so vfio must work without one"
        yield Change(KernelValue(NO_IOMMU_MODE), "Y", why, DMESG)
    elif facts.iommu.is_on and facts.iommu.no_iommu_mode:
        why = "with an IOMMU, this unsafe mode is not needed"
        yield Change(KernelValue(NO_IOMMU_MODE), "N", why, DMESG)
    if needs_unsafe_interrupts(facts):
        why = "this IOMMU does not remap interrupts, and vfio must be told that it is accepted"
        yield Change(KernelValue(UNSAFE_INTERRUPTS), "Y", why, DMESG)


def load_modules(facts: Facts, choices: Iterable[DriverChoice]) -> Iterator[Change]:
    drivers = sorted({choice.driver for choice in choices})
    if any(facts.kernel.modules[driver.replace("-", "_")] is Presence.BUILT_IN for driver in drivers):
        return
    # vfio loads its IOMMU module by itself, but then undo would not know of it.
    companions = ["vfio_iommu_type1"] if facts.iommu.is_on and "vfio-pci" in drivers else []
    for driver in [*companions, *drivers]:
        advice = f"install the modules of kernel {facts.kernel.release}; {DMESG}"
        yield Change(KernelModule(driver), True, f"{driver} hands NICs to DPDK", advice)
    if drivers:
        text = HEAD + "".join(f"{driver}\n" for driver in drivers)
        yield Change(ConfigFile(MODULES_FILE), {"text": text, "mode": 0o644}, "modules to load at boot")


def bind(facts: Facts, nic: Nic, choice: DriverChoice) -> Iterator[Change]:
    """Saves what the kernel knows of the NIC, takes the interface down, changes the driver."""
    if nic.driver == choice.driver:
        return
    interfaces = facts.interfaces_of(nic)
    saved = facts.saved_of(nic)
    found = SavedNic(nic.address, nic.driver, interfaces[0]) if interfaces else None
    if found is not None and (found.has_addresses or saved is None):
        text = to_json(found)
        why = "aeronmd_dpdk takes its address from here when it is given none"
        yield Change(ConfigFile(place(nic.address)), {"text": text, "mode": 0o644}, why)
    if interfaces:
        why = "the kernel must not use the interface while it loses it"
        yield Change(NetworkConfiguration(nic.address), at_rest(interfaces[0]), why)
    after = {"driver": choice.driver, "override": choice.driver}
    advice = f"{DMESG}; vfio-pci without IOMMU or no-IOMMU mode fails with -22"
    yield Change(PciBinding(nic.address), after, f"{choice.why}", advice)


def open_to_user(facts: Facts, request: SetupRequest, nics: tuple[Nic, ...]) -> Iterator[Change]:
    user = request.user
    if user is None:
        return
    why = f"{user.name} needs it without root"
    for nic in nics:
        permissions = facts.vfio_devices.get(str(nic.iommu_group))
        if permissions is not None and permissions.allow_write(user.uid, user.gids):
            continue
        if nic.iommu_group is not None:
            place_of_group = f"{VFIO_DEVICES}/{nic.iommu_group}"
            yield Change(FilePermissions(place_of_group), [0, user.gid, 0o660], why)
    for mount in facts.memory.mounts:
        found = mount.permissions
        if found is not None and not found.allow_write(user.uid, user.gids):
            after = [found.uid, user.gid, found.mode | 0o775]
            yield Change(FilePermissions(mount.directory), after, why)
