"""All findings, in the order in which they are shown."""

from collections.abc import Callable, Iterable

from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.findings import access, cpus, huge_pages, iommu, nics
from aeron_dpdk.machine.findings.finding import Finding
from aeron_dpdk.machine.intent import Intent

FINDERS: tuple[Callable[[Facts, Intent], Iterable[Finding]], ...] = (
    huge_pages.find_reserved,
    huge_pages.find_node,
    huge_pages.find_boot,
    huge_pages.find_mount,
    iommu.find_state,
    iommu.find_interrupts,
    iommu.find_no_iommu_mode,
    iommu.find_module,
    access.find_vfio_access,
    iommu.find_secure_boot,
    nics.find_bound,
    nics.find_interfaces,
    nics.find_driver,
    nics.find_carries,
    nics.find_group,
    nics.find_numa,
    nics.find_link,
    nics.find_address,
    nics.find_write_combining,
    nics.find_active,
    access.find_account,
    access.find_memlock,
    access.find_sockets,
    access.find_aeron_directory,
    access.find_leftovers,
    cpus.find_affinity,
    cpus.find_isolation,
    cpus.find_siblings,
    cpus.find_governor,
    cpus.find_quota,
    cpus.find_clock,
)

AREAS = {
    "huge-pages": "Huge pages",
    "iommu": "IOMMU",
    "vfio": "vfio",
    "kernel": "Kernel",
    "nic": "Network devices",
    "ena": "Amazon ENA",
    "account": "Accounts",
    "limits": "Limits",
    "sockets": "Socket buffers",
    "files": "Files",
    "cpus": "CPUs",
    "aws": "Amazon EC2",
}


def examine(facts: Facts, intent: Intent) -> tuple[Finding, ...]:
    return tuple(finding for find in FINDERS for finding in find(facts, intent))
