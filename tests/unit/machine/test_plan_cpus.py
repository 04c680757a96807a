"""`setup cpus` on the recorded hosts: what it would do, what it refuses, and that undo takes it back."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.hosts.fake_kernel import FakeKernel
from tests.hosts.recorded import facts_of

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.apply import apply, steps_of, undo
from aeron_dpdk.machine.change.journal import opened_journal
from aeron_dpdk.machine.change.resources import BootArguments, CpuArguments
from aeron_dpdk.machine.facts.cpus import CPUS
from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan.make_plan import make_plan

HOST = "bare-metal-ixgbe"


def request(*cpus: int, is_temporary: bool = False) -> SetupRequest:
    return SetupRequest(parts=frozenset({SetupPart.CPUS}), cpus=frozenset(cpus), is_temporary=is_temporary)


def booted_with(facts: Facts, *arguments: str) -> Facts:
    kept = tuple(each for each in facts.kernel.command_line if not each.startswith("isolcpus="))
    return replace(facts, kernel=replace(facts.kernel, command_line=(*kept, *arguments)))


def shown(facts: Facts, wanted: SetupRequest) -> list[str]:
    plan = make_plan(facts, wanted)
    return [f"{change.resource.name()} -> {change.resource.show(change.after)}" for change in plan.changes]


def test_governor_now_and_isolation_with_interrupts_elsewhere_at_boot(tmp_path: Path) -> None:
    facts = booted_with(facts_of(HOST, tmp_path))
    others = ",".join(str(cpu) for cpu in sorted(facts.cpus.online - {2, 3}))
    assert shown(facts, request(2, 3)) == [
        f"{CPUS}/cpu2/cpufreq/scaling_governor -> performance",
        f"{CPUS}/cpu3/cpufreq/scaling_governor -> performance",
        "kernel arguments at the next boot -> isolcpus=managed_irq,domain,2,3 nohz_full=2,3 rcu_nocbs=2,3 "
        f"irqaffinity={others} cpufreq.default_governor=performance",
    ]
    assert "the CPUs are isolated only after a reboot" in make_plan(facts, request(2, 3)).notes


def test_once_booted_with_them_only_the_governor_remains_to_be_set(tmp_path: Path) -> None:
    facts = booted_with(facts_of(HOST, tmp_path))
    arguments = make_plan(facts, request(2, 3)).changes[-1].after
    assert not any("boot" in line for line in shown(booted_with(facts, *arguments), request(2, 3)))


def test_until_the_next_boot_only_means_no_boot_argument(tmp_path: Path) -> None:
    facts = booted_with(facts_of(HOST, tmp_path))
    assert len(shown(facts, request(2, is_temporary=True))) == 1


def test_an_isolation_that_setup_did_not_make_is_left_alone_and_named(tmp_path: Path) -> None:
    plan = make_plan(facts_of(HOST, tmp_path), request(2, 3, 4))
    assert not any(change.resource.kind == "cpu-arguments" for change in plan.changes)
    assert any("booted with isolcpus=2,3" in note for note in plan.notes)


def test_a_hyper_thread_left_outside_is_named(tmp_path: Path) -> None:
    facts = facts_of(HOST, tmp_path)
    facts = replace(facts, cpus=replace(facts.cpus, siblings={2: frozenset({2, 7})}))
    assert any("CPU 7 shares a core" in note for note in make_plan(facts, request(2)).notes)


def test_cpus_that_are_not_there_and_all_of_them_are_refused(tmp_path: Path) -> None:
    facts = facts_of(HOST, tmp_path)
    with pytest.raises(RefusedError, match="CPU 512 is not online"):
        make_plan(facts, request(512))
    with pytest.raises(RefusedError, match="no CPU would be left"):
        make_plan(facts, request(*facts.cpus.online))


def test_without_cpus_named_setup_changes_none(tmp_path: Path) -> None:
    assert shown(facts_of(HOST, tmp_path), request()) == []


def test_undo_restores_the_governors_and_leaves_other_boot_arguments(tmp_path: Path) -> None:
    host = FakeKernel(HOST, tmp_path)
    others = BootArguments("intel_iommu=on")
    others.write(host, ["intel_iommu=on"])
    governor = f"{CPUS}/cpu2/cpufreq/scaling_governor"
    before = host.text(governor)
    facts = booted_with(read_facts(host, host.network()))
    changes = make_plan(facts, request(2)).changes
    with opened_journal(host) as journal:
        apply(steps_of(changes, host), host, journal, lambda _: None)
    assert host.text(governor) == "performance" and before != "performance"
    assert "isolcpus=managed_irq,domain,2" in (host.text(CpuArguments.grub_file) or "")
    with opened_journal(host) as journal:
        undo(host, journal, lambda _: None)
    assert host.text(governor) == before and not host.exists(CpuArguments.grub_file)
    assert others.read(host) == ["intel_iommu=on"]
