"""The IOMMU and vfio: what protects memory from the NIC, and what remains without."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.kernel import Kernel, Presence
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent

STATE = Check(
    "iommu.state",
    "with an IOMMU the NIC reaches only the driver's own memory and no root is needed; without one, "
    "vfio-pci needs "
    "its no-IOMMU mode, and the driver root",
)
INTERRUPTS = Check(
    "iommu.interrupts",
    'without interrupt remapping vfio refuses a device ("failed to select IOMMU type") unless told that its '
    "interrupts are safe",
)
NO_IOMMU_MODE = Check(
    "iommu.no-iommu-mode",
    "where there is no IOMMU, this mode of vfio is the usual way to run DPDK on vfio-pci",
)
MODULE = Check(
    "vfio.module", "vfio-pci hands a NIC to a user process, and is the driver DPDK is best tested with"
)
SECURE_BOOT = Check(
    "kernel.secure-boot",
    "under Secure Boot the kernel loads signed modules only, so no igb_uio and no patched vfio",
)


def find_state(facts: Facts, intent: Intent) -> Iterator[Finding]:
    iommu, kernel = facts.iommu, facts.kernel
    if iommu.is_on:
        passes = " and passes the kernel's own devices through" if "identity" in iommu.domain_types else ""
        yield STATE.passed(f"on with {iommu.groups} groups{passes}{_cause(kernel)}")
        return
    if iommu.is_in_firmware:
        seen = f"off, although the firmware describes one{_cause(kernel)}"
        arguments = boot_arguments(facts)
        command = f"sudo aeron-dpdk setup iommu --user {intent.user_name or 'NAME'}, which adds "
        remedy = f"{command}{arguments} to the kernel's command line; then reboot"
        yield _off(seen, remedy if arguments else to_boot_with(facts), facts, intent)
    else:
        seen = f"none: neither the firmware nor the hypervisor offers one{_cause(kernel)}"
        yield _off(
            seen,
            "switch on VT-d or AMD-Vi in the firmware if it has it; else see iommu.no-iommu-mode",
            facts,
            intent,
        )


def _off(seen: str, remedy: str, facts: Facts, intent: Intent) -> Finding:
    """A failure for an ordinary user only: root can do without an IOMMU."""
    fixable = facts.iommu.is_in_firmware and boot_arguments(facts) is not None and not facts.in_container
    if intent.starts_as_root:
        return STATE.note(seen, remedy, fixable=fixable)
    return STATE.fail(f"{seen}, and an ordinary user needs one", remedy, fixable=fixable)


def boot_arguments(facts: Facts) -> str | None:
    """The kernel arguments that switch it on; None if there are none. Intel's is on by default in some
    distributions only; iommu=pt saves the cost for the kernel's own devices."""
    if facts.iommu.is_amd or _switched_off_by(facts.kernel):
        return None
    return "intel_iommu=on iommu=pt"


def to_boot_with(facts: Facts) -> str:
    """The end of a sentence, for an operator who changes the kernel's command line by hand."""
    if off := _switched_off_by(facts.kernel):
        return f"take {' and '.join(off)} off the kernel's command line, and reboot"
    if arguments := boot_arguments(facts):
        return f"boot with {arguments}"
    return "AMD's is on by default, so the kernel's messages say why not: dmesg | grep AMD-Vi"


def _switched_off_by(kernel: Kernel) -> tuple[str, ...]:
    """Arguments that no other argument overrides (kernel: arch/x86/kernel/pci-dma.c,
    drivers/iommu/amd/init.c)."""
    return tuple(name for name in ("iommu=off", "amd_iommu=off") if name in kernel.command_line)


def _cause(kernel: Kernel) -> str:
    names = ("intel_iommu", "amd_iommu", "iommu", "iommu.passthrough")
    given = [f"{name}={value}" for name in names if (value := kernel.argument(name)) is not None]
    return (
        f" (booted with {' '.join(given)})" if given else " (no IOMMU parameter on the kernel's command line)"
    )


def find_interrupts(facts: Facts, intent: Intent) -> Iterator[Finding]:
    iommu = facts.iommu
    if not iommu.is_on or iommu.remaps_interrupts is None:
        return
    if iommu.remaps_interrupts:
        yield INTERRUPTS.passed("the IOMMU remaps interrupts")
    elif iommu.unsafe_interrupts:
        yield INTERRUPTS.note("not remapped, but vfio_iommu_type1.allow_unsafe_interrupts is on")
    else:
        yield INTERRUPTS.fail("interrupts are not remapped", "sudo aeron-dpdk setup iommu", fixable=True)


def can_do_without_iommu(facts: Facts) -> bool:
    """The parameter exists only once vfio is loaded; before that, the kernel's configuration tells."""
    if facts.iommu.no_iommu_mode is not None:
        return True
    return (facts.kernel.config or {}).get("CONFIG_VFIO_NOIOMMU") == "y" and facts.kernel.offers("vfio_pci")


def find_no_iommu_mode(facts: Facts, intent: Intent) -> Iterator[Finding]:
    iommu = facts.iommu
    if iommu.is_on:
        if iommu.no_iommu_mode:
            yield NO_IOMMU_MODE.note(
                "on, although there is an IOMMU that makes it unnecessary",
                "sudo aeron-dpdk setup iommu",
                fixable=True,
            )
    elif iommu.no_iommu_mode:
        yield NO_IOMMU_MODE.passed("on")
    elif can_do_without_iommu(facts):
        fix = "sudo aeron-dpdk setup iommu"
        if any(nic.driver == "vfio-pci" for nic in facts.nics):
            yield NO_IOMMU_MODE.fail("off, and a NIC is bound to vfio-pci", fix, fixable=True)
        else:
            yield NO_IOMMU_MODE.note("available but off", fix, fixable=True)
    else:
        known = facts.kernel.config is not None
        seen = "compiled out (CONFIG_VFIO_NOIOMMU is not set)" if known else "not offered by this kernel"
        choice = (
            "uio_pci_generic, as root" if facts.kernel.offers("uio_pci_generic") else "a kernel that has it"
        )
        yield NO_IOMMU_MODE.note(
            seen, f"use an IOMMU, or {choice}; stock Debian kernels come without this mode"
        )


def find_module(facts: Facts, intent: Intent) -> Iterator[Finding]:
    presence = facts.kernel.modules["vfio_pci"]
    if all(nic.is_bifurcated for nic in facts.nics) and facts.nics:
        yield MODULE.note(f"{presence}, and not needed: the NICs here work beside their kernel driver")
    elif facts.kernel.runs("vfio_pci"):
        yield MODULE.passed(f"vfio-pci is {presence}")
    elif presence is Presence.INSTALLED:
        yield MODULE.note("vfio-pci is installed but not loaded", "sudo aeron-dpdk setup vfio", fixable=True)
    else:
        others = [name for name in ("igb_uio", "uio_pci_generic") if facts.kernel.offers(name)]
        seen = f"kernel {facts.kernel.release} has no vfio-pci"
        remedy = "install the package with this kernel's modules, such as linux-modules-extra on Ubuntu"
        if others:
            yield MODULE.warn(f"{seen}, but {' and '.join(others)}", remedy)
        elif facts.nics:
            yield MODULE.fail(seen, remedy)
        else:
            yield MODULE.note(f"{seen}, nor a NIC on PCI that would need it")


def find_secure_boot(facts: Facts, intent: Intent) -> Iterator[Finding]:
    if facts.kernel.is_secure_boot:
        yield SECURE_BOOT.note(
            "on", "use vfio-pci as the distribution signed it, or sign own modules (mokutil)"
        )
