"""Write-combining, which Amazon's ENA needs for its low-latency queues (DPDK: doc/guides/nics/ena.rst)."""

from collections.abc import Iterator

from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import Nic
from aeron_dpdk.machine.facts.write_combining import PAT_LIST, types_within
from aeron_dpdk.machine.findings.finding import Check, Finding
from aeron_dpdk.machine.intent import Intent

WRITE_COMBINING = Check(
    "ena.write-combining",
    "ENA's low-latency queues write packets into device memory; uncached, that is several times slower, "
    "and from the "
    "6th generation of instances the loss is large",
)
ACTIVE = Check(
    "ena.write-combining-active",
    "set-up scripts are known to claim write-combining where the kernel maps the device uncached: this "
    "reads the mapping itself",
)


def find_write_combining(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        check = WRITE_COMBINING.of(nic.address)
        if not nic.is_ena:
            continue
        if nic.driver == "igb_uio":
            yield check.note("igb_uio: has it when loaded with wc_activate=1")
        elif nic.driver == "uio_pci_generic":
            yield check.warn(
                "uio_pci_generic has none",
                "use vfio-pci with the write-combining patch, or igb_uio with wc_activate=1 (amzn-drivers)",
            )
        elif nic.driver == "vfio-pci":
            yield check.note(
                "vfio-pci: mainline kernels have none, those with the amzn-drivers patch do",
                "see ena.write-combining-active while aeronmd_dpdk runs",
            )


def find_active(facts: Facts, intent: Intent) -> Iterator[Finding]:
    for nic in facts.nics:
        if nic.is_ena and nic.is_for_dpdk:
            yield _active(facts, nic)


def _active(facts: Facts, nic: Nic) -> Finding:
    check = ACTIVE.of(nic.address)
    if facts.mappings is None:
        return check.note(f"{PAT_LIST} cannot be read", "run doctor as root, with debugfs mounted")
    found = types_within(nic.bars, facts.mappings)
    if not found:
        return check.note("nobody has the device mapped", "run doctor again while aeronmd_dpdk runs")
    if "write-combining" in found:
        return check.passed("the device memory is mapped write-combining")
    return check.fail(
        f"the device memory is mapped {', '.join(sorted(found))}",
        "load a vfio-pci with the amzn-drivers write-combining patch, or igb_uio with wc_activate=1; bind "
        "again",
    )
