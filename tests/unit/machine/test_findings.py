"""What doctor finds on the recorded hosts, and what changes each rule's verdict."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.hosts.recorded import NAMES, facts_of

from aeron_dpdk.machine.facts.accounts import Account
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.kernel import Presence
from aeron_dpdk.machine.facts.machine import Facts
from aeron_dpdk.machine.facts.nics import MemoryMapping, Peer
from aeron_dpdk.machine.findings.examine import AREAS, examine
from aeron_dpdk.machine.findings.finding import Finding, Severity, worst
from aeron_dpdk.machine.intent import Intent
from aeron_dpdk.machine.tree import Permissions

MIKE = Account("mike", 1000, 1000, frozenset({1000, 990}))
ROOT = Intent(user=Account("root", 0, 0, frozenset({0})))
ORDINARY = Intent(user_name="mike", user=MIKE, starts_as_root=False)
PINNED = {"AERON_SENDER_CPU_AFFINITY": 2, "AERON_RECEIVER_CPU_AFFINITY": 3}


def found(facts: Facts, intent: Intent, finding_id: str) -> Finding | None:
    """The first one of that id."""
    return next((each for each in examine(facts, intent) if each.id == finding_id), None)


def status(facts: Facts, intent: Intent, finding_id: str) -> str | None:
    finding = found(facts, intent, finding_id)
    return None if finding is None else finding.status


@pytest.mark.parametrize("intent", [ROOT, ORDINARY], ids=["root", "ordinary"])
@pytest.mark.parametrize("name", NAMES)
def test_each_finding_says_what_was_seen_why_it_matters_and_what_to_do(
    name: str, intent: Intent, tmp_path: Path
) -> None:
    for finding in examine(facts_of(name, tmp_path), intent):
        assert finding.seen and finding.why and finding.area in AREAS
        assert finding.remedy or finding.status in (Severity.PASS, Severity.NOTE), finding.id
        assert not finding.fixable or "aeron-dpdk setup" in finding.remedy, finding.id


@pytest.mark.parametrize(
    ("name", "intent", "finding_id", "expected"),
    [
        ("aws-c6in", ROOT, "huge-pages.reserved", "FAIL"),
        ("aws-c6in", ROOT, "iommu.state", "NOTE"),
        ("aws-c6in", ORDINARY, "iommu.state", "FAIL"),
        ("aws-c6in", ROOT, "iommu.no-iommu-mode", "NOTE"),
        ("aws-c6in", ROOT, "vfio.module", "PASS"),
        ("aws-c6in", ROOT, "nic.bound", "FAIL"),
        ("aws-c6in", ROOT, "nic.carries/0000:00:05.0", "NOTE"),
        ("aws-c6in", ROOT, "nic.carries/0000:00:06.0", None),
        ("bare-metal-ixgbe", ORDINARY, "iommu.interrupts", "PASS"),
        ("bare-metal-ixgbe", ORDINARY, "limits.memlock", "FAIL"),
        ("bare-metal-ixgbe", ROOT, "limits.memlock", "PASS"),
        ("bare-metal-ixgbe", ROOT, "sockets.rmem", "FAIL"),
        ("bare-metal-ixgbe", ROOT, "cpus.governor", "WARN"),
        ("bare-metal-ixgbe", ROOT, "huge-pages.boot", "NOTE"),
        ("bare-metal-ixgbe", ROOT, "nic.link/0000:48:00.1", "NOTE"),
        ("debian-no-iommu", ROOT, "iommu.no-iommu-mode", "NOTE"),
        ("debian-no-iommu", ROOT, "cpus.clock", "NOTE"),
        ("one-gib-pages", ORDINARY, "huge-pages.reserved", "PASS"),
        ("one-gib-pages", ORDINARY, "huge-pages.node/0000:5e:00.0", "PASS"),
        ("one-gib-pages", ORDINARY, "huge-pages.boot", "PASS"),
        ("one-gib-pages", ORDINARY, "vfio.access/0000:5e:00.0", "PASS"),
        ("one-gib-pages", ORDINARY, "nic.address/0000:5e:00.0", "PASS"),
        ("one-gib-pages", ORDINARY, "files.leftovers", "WARN"),
        ("container", ORDINARY, "vfio.access/0000:c1:00.0", "FAIL"),
        ("container", ORDINARY, "cpus.quota", "WARN"),
        ("container", ORDINARY, "nic.address/0000:c1:00.0", "NOTE"),
    ],
)
def test_recorded_hosts_are_judged(
    name: str, intent: Intent, finding_id: str, expected: str | None, tmp_path: Path
) -> None:
    assert status(facts_of(name, tmp_path), intent, finding_id) == expected


def test_debian_is_told_that_its_kernel_lacks_the_mode_and_what_works(tmp_path: Path) -> None:
    finding = found(facts_of("debian-no-iommu", tmp_path), ROOT, "iommu.no-iommu-mode")
    assert finding is not None
    assert "compiled out" in finding.seen and "uio_pci_generic" in finding.remedy and not finding.fixable


def with_pages(facts: Facts, total: int, free: int) -> Facts:
    pools = tuple(replace(pool, total=total, free=free) for pool in facts.memory.pools)
    return replace(facts, memory=replace(facts.memory, pools=pools))


@pytest.mark.parametrize(
    ("total", "free", "expected"), [(4, 0, "FAIL"), (4, 4, "WARN"), (4096, 4, "NOTE"), (4096, 4000, "PASS")]
)
def test_huge_pages_in_use_or_few_are_reported(total: int, free: int, expected: str, tmp_path: Path) -> None:
    """Pages that a running driver uses are no failure."""
    facts = with_pages(facts_of("debian-no-iommu", tmp_path), total, free)
    assert status(facts, ROOT, "huge-pages.reserved") == expected


def test_pages_on_the_other_node_only_are_a_warning(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    pools = tuple(replace(pool, free=0) if pool.node == 1 else pool for pool in facts.memory.pools)
    facts = replace(facts, memory=replace(facts.memory, pools=pools))
    assert status(facts, ROOT, "huge-pages.node/0000:5e:00.0") == "WARN"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"remaps_interrupts": False}, "FAIL"),
        ({"remaps_interrupts": False, "unsafe_interrupts": True}, "NOTE"),
    ],
)
def test_an_iommu_without_interrupt_remapping_needs_the_operators_consent(
    changes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, iommu=replace(facts.iommu, **changes))
    assert status(facts, ROOT, "iommu.interrupts") == expected


def with_driver(facts: Facts, address: str, driver: str | None, **changes: Any) -> Facts:
    nics = tuple(
        replace(nic, driver=driver, **changes) if nic.address == address else nic for nic in facts.nics
    )
    return replace(facts, nics=nics)


def test_vfio_without_iommu_and_with_the_mode_off_is_a_failure(tmp_path: Path) -> None:
    facts = with_driver(facts_of("aws-c6in", tmp_path), "0000:00:06.0", "vfio-pci", interfaces=())
    assert status(facts, ROOT, "iommu.no-iommu-mode") == "FAIL"
    facts = replace(facts, iommu=replace(facts.iommu, no_iommu_mode=True))
    assert status(facts, ROOT, "iommu.no-iommu-mode") == "PASS"


@pytest.mark.parametrize(
    ("memory_type", "expected"), [("write-combining", "PASS"), ("uncached-minus", "FAIL"), (None, "NOTE")]
)
def test_write_combining_is_looked_up_where_the_kernel_maps_the_device(
    memory_type: str | None, expected: str, tmp_path: Path
) -> None:
    facts = with_driver(facts_of("aws-c6in", tmp_path), "0000:00:06.0", "vfio-pci", interfaces=())
    mappings = (MemoryMapping(0xFD000000, 0xFD100000, memory_type),) if memory_type else ()
    facts = replace(facts, mappings=mappings)
    assert status(facts, ROOT, "ena.write-combining-active/0000:00:06.0") == expected


def test_write_combining_is_not_known_to_an_ordinary_user(tmp_path: Path) -> None:
    facts = with_driver(facts_of("aws-c6in", tmp_path), "0000:00:06.0", "vfio-pci", interfaces=())
    facts = replace(facts, mappings=None)
    finding = found(facts, ROOT, "ena.write-combining-active/0000:00:06.0")
    assert finding is not None and finding.status is Severity.NOTE and "as root" in finding.remedy


def test_ena_on_uio_pci_generic_is_warned_of(tmp_path: Path) -> None:
    facts = with_driver(facts_of("aws-c6in", tmp_path), "0000:00:06.0", "uio_pci_generic", interfaces=())
    assert status(facts, ROOT, "ena.write-combining/0000:00:06.0") == "WARN"


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        (Peer("0000:48:00.2", 0x010600, "ahci"), "FAIL"),
        (Peer("0000:48:00.2", 0x020000, "vfio-pci"), "PASS"),
        (Peer("0000:48:00.2", 0x020000, None), "PASS"),
        (Peer("0000:47:00.0", 0x060400, "pcieport"), "PASS"),
    ],
)
def test_only_a_foreign_driver_in_the_group_is_in_the_way(peer: Peer, expected: str, tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = with_driver(facts, "0000:48:00.0", "vfio-pci", peers=(peer,), interfaces=())
    assert status(facts, ROOT, "nic.group/0000:48:00.0") == expected


def test_where_a_nic_is_and_what_addresses_it_has_is_shown(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    driver = found(facts, ROOT, "nic.driver/0000:48:00.0")
    address = found(facts, ROOT, "nic.address/0000:48:00.0")
    assert driver is not None and driver.seen.endswith(
        "enp72s0f0, NUMA node 1, IOMMU group 52: the kernel's ixgbe"
    )
    assert address is not None and address.seen == "enp72s0f0 has 10.20.0.5/24"


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("one-gib-pages", 1, None),
        ("one-gib-pages", 2, "WARN"),
        ("bare-metal-ixgbe", 2, "PASS"),  # two NICs that work beside their kernel driver
        ("bare-metal-ixgbe", 3, "WARN"),
    ],
)
def test_more_interfaces_than_nics_are_a_warning(
    name: str, wanted: int, expected: str | None, tmp_path: Path
) -> None:
    intent = replace(ROOT, interfaces=wanted)
    assert status(facts_of(name, tmp_path), intent, "nic.interfaces") == expected


def test_for_a_nic_without_a_saved_address_the_setting_of_its_interface_is_named(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    for nic in ("0000:48:00.0", "0000:48:00.1"):
        facts = with_driver(facts, nic, "vfio-pci", interfaces=())
    for nic, setting in (("0", "AERON_DPDK_LOCAL_IPV4_ADDRESS"), ("1", "AERON_DPDK_1_LOCAL_IPV4_ADDRESS")):
        address = found(facts, ROOT, f"nic.address/0000:48:00.{nic}")
        assert address is not None and f"set {setting}=" in address.remedy


def below(facts: Facts, name: str, upper: KernelInterface) -> Facts:
    """Puts `upper` on top of the interface called `name`: by `upper.lower`, or else as its master."""
    nic = facts.network[name]
    lower = nic if upper.lower else replace(nic, master=upper.name)
    return replace(facts, network={**facts.network, name: lower, upper.name: upper})


BOND = KernelInterface("bond0", "00:1b:21:55:3b:93", 1500, is_up=True, has_carrier=True)
VLAN = replace(BOND, name="vlan100", lower="bond0")
DEFAULT = Route("0.0.0.0/0", "10.20.0.1", metric=50)


@pytest.mark.parametrize(
    ("uppers", "reason"),
    [
        ([BOND], "enp72s0f0 is below bond0"),
        ([replace(BOND, routes=(DEFAULT,))], "enp72s0f0 is below bond0, which carries the default route"),
        (
            [BOND, replace(VLAN, routes=(DEFAULT,))],
            "enp72s0f0 is below vlan100, which carries the default route",
        ),
        (
            [BOND, replace(VLAN, addresses=(InterfaceAddress("10.20.0.77/24"),))],
            "enp72s0f0 is below vlan100, which carries an SSH session (10.20.0.77)",
        ),
        ([replace(VLAN, lower="enp72s0f0")], "enp72s0f0 is below vlan100"),
    ],
)
def test_what_a_bond_or_a_vlan_carries_its_nic_carries(
    uppers: list[KernelInterface], reason: str, tmp_path: Path
) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, session=replace(facts.session, ssh_addresses=frozenset({"10.20.0.77"})))
    for upper in uppers:
        facts = below(facts, "enp72s0f0", upper)
    finding = found(facts, ROOT, "nic.carries/0000:48:00.0")
    assert finding is not None and finding.seen.startswith(f"{reason}:")


def test_a_nic_in_another_network_namespace_is_not_free(tmp_path: Path) -> None:
    facts = with_driver(facts_of("aws-c6in", tmp_path), "0000:00:06.0", "ena", interfaces=())
    finding = found(facts, ROOT, "nic.carries/0000:00:06.0")
    assert finding is not None and "without an interface here" in finding.seen
    bound = found(facts, ROOT, "nic.bound")
    assert bound is not None and "in use by the system" in bound.seen


def test_a_kernel_without_any_driver_for_dpdk_fails(tmp_path: Path) -> None:
    facts = facts_of("debian-no-iommu", tmp_path)
    modules = dict.fromkeys(facts.kernel.modules, Presence.ABSENT)
    facts = replace(facts, kernel=replace(facts.kernel, modules=modules))
    assert status(facts, ROOT, "vfio.module") == "FAIL"


@pytest.mark.parametrize(
    ("affinity", "finding_id", "expected"),
    [
        (PINNED, "cpus.affinity", "PASS"),
        (PINNED, "cpus.isolation", "PASS"),
        (PINNED, "cpus.siblings", "PASS"),
        ({}, "cpus.affinity", "NOTE"),
        ({"AERON_SENDER_CPU_AFFINITY": 64}, "cpus.affinity", "FAIL"),
        ({**PINNED, "AERON_SENDER_CPU_AFFINITY": 5}, "cpus.isolation", "NOTE"),
        ({**PINNED, "AERON_SENDER_CPU_AFFINITY": 3}, "cpus.siblings", "FAIL"),
    ],
)
def test_affinity_is_compared_with_the_machine(
    affinity: dict[str, int], finding_id: str, expected: str, tmp_path: Path
) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    assert status(facts, replace(ROOT, affinity=affinity), finding_id) == expected


def test_hyper_threads_of_one_core_are_warned_of(tmp_path: Path) -> None:
    affinity = {"AERON_SENDER_CPU_AFFINITY": 1, "AERON_RECEIVER_CPU_AFFINITY": 5}
    facts = facts_of("one-gib-pages", tmp_path)
    assert status(facts, replace(ROOT, affinity=affinity), "cpus.siblings") == "WARN"


def test_threads_far_from_the_nic_are_warned_of(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    assert status(facts, replace(ROOT, affinity=PINNED), "nic.numa/0000:5e:00.0") == "WARN"
    near = {"AERON_SENDER_CPU_AFFINITY": 5, "AERON_RECEIVER_CPU_AFFINITY": 6}
    assert status(facts, replace(ROOT, affinity=near), "nic.numa/0000:5e:00.0") == "PASS"


def test_a_small_cpu_set_is_warned_of_when_threads_come_from_it(tmp_path: Path) -> None:
    facts = facts_of("container", tmp_path)
    assert status(facts, replace(ROOT, threads_from_cgroup=True), "cpus.affinity") == "WARN"


def test_a_cpu_set_that_is_one_core_is_warned_of(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    intent = replace(ROOT, threads_from_cgroup=True)
    assert status(facts, intent, "cpus.affinity") == "PASS"
    siblings = dict.fromkeys(range(8), frozenset(range(8)))
    facts = replace(facts, cpus=replace(facts.cpus, siblings=siblings))
    finding = found(facts, intent, "cpus.affinity")
    assert finding is not None and finding.status is Severity.WARN and "hyper-threads" in finding.seen


def test_threads_of_a_cpu_set_far_from_the_nic_are_warned_of(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    facts = replace(facts, session=replace(facts.session, cpus=frozenset({0, 1, 2, 3})))
    finding = found(facts, replace(ROOT, threads_from_cgroup=True), "cpus.affinity")
    assert finding is not None and finding.status is Severity.WARN and "NUMA node" in finding.seen


def test_a_slow_clock_beside_a_steady_tsc_is_a_warning(tmp_path: Path) -> None:
    facts = facts_of("aws-c6in", tmp_path)
    facts = replace(facts, cpus=replace(facts.cpus, clock_source="kvm-clock"))
    assert status(facts, ROOT, "cpus.clock") == "WARN"


@pytest.mark.parametrize(
    ("intent", "expected"),
    [
        (replace(ROOT, user_name="nobody-here", user=None), "FAIL"),
        (replace(ROOT, user_name="root"), "WARN"),
        (replace(ORDINARY, starts_as_root=True), "PASS"),
        (replace(ORDINARY, group_name="nogroup-here"), "PASS"),
    ],
)
def test_the_account_to_become_is_looked_up(intent: Intent, expected: str, tmp_path: Path) -> None:
    assert status(facts_of("aws-c6in", tmp_path), intent, "account.user") == expected


def test_a_group_that_is_not_there_fails(tmp_path: Path) -> None:
    intent = replace(ORDINARY, group_name="nogroup-here")
    findings = examine(facts_of("aws-c6in", tmp_path), intent)
    assert any(each.id == "account.user" and each.status is Severity.FAIL for each in findings)


@pytest.mark.parametrize(("owner", "expected"), [(1000, "PASS"), (0, "FAIL")])
def test_an_aeron_directory_of_another_user_fails(owner: int, expected: str, tmp_path: Path) -> None:
    intent = replace(ORDINARY, aeron_directory_permissions=Permissions(owner, 0, 0o755))
    assert status(facts_of("aws-c6in", tmp_path), intent, "files.aeron-directory") == expected


def test_a_send_buffer_that_is_not_granted_is_a_warning(tmp_path: Path) -> None:
    intent = replace(ROOT, socket_sndbuf_bytes=4 << 20)
    assert status(facts_of("aws-c6in", tmp_path), intent, "sockets.wmem") == "WARN"


def test_secure_boot_is_mentioned(tmp_path: Path) -> None:
    facts = facts_of("aws-c6in", tmp_path)
    assert status(facts, ROOT, "kernel.secure-boot") is None
    facts = replace(facts, kernel=replace(facts.kernel, is_secure_boot=True))
    assert status(facts, ROOT, "kernel.secure-boot") == "NOTE"


def test_a_ready_host_has_nothing_worse_than_notes(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    facts = replace(facts, files=replace(facts.files, huge_files=()))
    assert worst(examine(facts, ORDINARY)) is Severity.NOTE
