"""What setup would do on the recorded hosts."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.hosts.recorded import facts_of

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.facts.accounts import Account
from aeron_dpdk.machine.facts.files import BOOT_UNIT
from aeron_dpdk.machine.facts.kernel import Presence
from aeron_dpdk.machine.facts.machine import Facts, read_facts
from aeron_dpdk.machine.facts.nics import Peer
from aeron_dpdk.machine.facts.saved_nic import SavedNic
from aeron_dpdk.machine.findings.iommu import find_state
from aeron_dpdk.machine.intent import Intent, SetupPart, SetupRequest
from aeron_dpdk.machine.plan.choice import allow_argument, choose_driver
from aeron_dpdk.machine.plan.make_plan import Plan, make_plan
from aeron_dpdk.machine.tree import Tree

MIKE = Account("mike", 1000, 1000, frozenset({1000}))
BAR = "0000:48:00.0"


def shown(plan: Plan) -> list[str]:
    return [f"{change.resource.name()} -> {change.resource.show(change.after)}" for change in plan.changes]


def without_modules(facts: Facts, *modules: str) -> Facts:
    presences = {**facts.kernel.modules, **dict.fromkeys(modules, Presence.ABSENT)}
    return replace(facts, kernel=replace(facts.kernel, modules=presences))


def test_the_product_pages_non_root_chapter_is_one_plan(tmp_path: Path) -> None:
    plan = make_plan(facts_of("bare-metal-ixgbe", tmp_path), SetupRequest(nics=("enp72s0f0",), user=MIKE))
    assert [re.sub(r"\d+ lines", "its configuration", line) for line in shown(plan)[:-2]] == [
        "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages -> 512",
        "/proc/sys/net/core/rmem_max -> 131072",
        '/etc/sysctl.d/60-aeron-dpdk.conf -> "net.core.rmem_max = 131072"',
        '/etc/security/limits.d/60-aeron-dpdk.conf -> "mike - memlock unlimited"',
        "kernel module vfio_iommu_type1 -> loaded",
        "kernel module vfio-pci -> loaded",
        '/etc/modules-load.d/aeron-dpdk.conf -> "vfio-pci"',
        f"/var/lib/aeron-dpdk/nics/{BAR}.json -> its configuration",
        f"network configuration of {BAR} -> enp72s0f0 down, no address",
        f"driver of {BAR} -> vfio-pci",
        "permissions of /dev/vfio/52 -> 0:1000 0660",
        "permissions of /dev/hugepages -> 0:1000 0775",
    ]


def test_the_product_pages_root_chapter_needs_no_permissions(tmp_path: Path) -> None:
    plan = make_plan(facts_of("bare-metal-ixgbe", tmp_path), SetupRequest(nics=(BAR,)))
    assert not any("permissions" in line or "limits" in line for line in shown(plan))


def test_on_aws_vfio_is_told_to_do_without_an_iommu(tmp_path: Path) -> None:
    plan = make_plan(facts_of("aws-c6in", tmp_path), SetupRequest())
    lines = shown(plan)
    assert "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode -> Y" in lines
    assert '/etc/modprobe.d/aeron-dpdk.conf -> "options vfio enable_unsafe_noiommu_mode=1"' in lines
    assert lines.index("driver of 0000:00:06.0 -> vfio-pci") > lines.index(
        "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode -> Y"
    )


def test_the_unit_for_boot_repeats_what_does_not_last(tmp_path: Path) -> None:
    plan = make_plan(
        facts_of("bare-metal-ixgbe", tmp_path), SetupRequest(nics=(BAR,), user=MIKE, program="/usr/bin/x")
    )
    text = plan.changes[-2].after["text"]
    assert (
        "ExecStart=/usr/bin/x setup huge-pages iommu vfio bind permissions --yes --now --huge-memory=1024M "
        f"--nic={BAR} --force={BAR} --driver=vfio-pci --user=mike\n" in text
    )


def after_boot_with(facts: Facts, *arguments: str) -> Facts:
    return replace(facts, files=replace(facts.files, boot_arguments=arguments))


def boot_line(plan: Plan) -> str:
    texts = [str(change.after["text"]) for change in plan.changes if change.resource.target == BOOT_UNIT]
    return next(line for line in texts[0].splitlines() if line.startswith("ExecStart="))


def test_a_second_setup_keeps_what_the_first_one_has_for_boot(tmp_path: Path) -> None:
    facts = after_boot_with(
        facts_of("one-gib-pages", tmp_path),
        *("huge-pages", "bind", "--huge-memory=4096M", "--nic=0000:5e:00.0", "--user=mike"),
    )
    line = boot_line(make_plan(facts, SetupRequest(parts=frozenset({SetupPart.HUGE_PAGES, SetupPart.BOOT}))))
    assert "--huge-memory=4096M --nic=0000:5e:00.0 --force=0000:5e:00.0 --driver=vfio-pci --user=mike" in line


def test_a_second_nic_joins_the_first_one_at_boot_unless_that_was_given_back(tmp_path: Path) -> None:
    other = "0000:48:00.1"
    facts = after_boot_with(facts_of("bare-metal-ixgbe", tmp_path), "bind", f"--nic={other}", "--user=mike")
    assert other not in boot_line(make_plan(facts, SetupRequest(nics=(BAR,))))
    nics = tuple(
        replace(nic, driver="vfio-pci", interfaces=()) if nic.address == other else nic for nic in facts.nics
    )
    line = boot_line(make_plan(replace(facts, nics=nics), SetupRequest(nics=(BAR,))))
    assert f"--nic={BAR} --nic={other} --force={BAR} --force={other} --driver=vfio-pci --user=mike" in line


def test_what_is_only_for_now_leaves_nothing_for_boot(tmp_path: Path) -> None:
    asked = SetupRequest(parts=frozenset(SetupPart) - {SetupPart.BOOT}, nics=(BAR,), is_temporary=True)
    lines = shown(make_plan(facts_of("bare-metal-ixgbe", tmp_path), asked))
    assert not any("systemd" in line or "sysctl.d" in line or "modules-load" in line for line in lines)


def test_modules_and_their_options_need_no_choice_among_free_nics(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    asked = SetupRequest(
        parts=frozenset({SetupPart.VFIO, SetupPart.HUGE_PAGES, SetupPart.PERMISSIONS, SetupPart.BOOT}),
        user=MIKE,
    )
    plan = make_plan(facts, asked)
    assert "kernel module vfio-pci -> loaded" in shown(plan)
    assert not any("/dev/vfio/" in line for line in shown(plan)) and "--nic" not in boot_line(plan)


def test_an_ordinary_user_without_iommu_gets_the_boot_arguments_first(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    off = replace(facts, iommu=replace(facts.iommu, groups=0))
    plan = make_plan(off, SetupRequest(nics=(BAR,), user=MIKE))
    assert "kernel arguments at the next boot -> intel_iommu=on iommu=pt" in shown(plan)
    assert not any("driver of" in line for line in shown(plan))
    assert any("reboot" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("is_amd", "arguments", "remedy"),
    [
        (True, (), "AMD's is on by default"),
        (True, ("amd_iommu=off",), "take amd_iommu=off off the kernel's command line"),
        (False, ("iommu=off",), "take iommu=off off the kernel's command line"),
    ],
)
def test_no_argument_is_added_where_none_switches_the_iommu_on(
    is_amd: bool, arguments: tuple[str, ...], remedy: str, tmp_path: Path
) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    off = replace(
        facts,
        iommu=replace(facts.iommu, groups=0, is_amd=is_amd),
        kernel=replace(facts.kernel, command_line=arguments),
    )
    plan = make_plan(off, SetupRequest(nics=(BAR,), user=MIKE))
    assert not any("kernel arguments" in line for line in shown(plan))
    assert any(remedy in note for note in plan.notes)
    (state,) = find_state(off, Intent(starts_as_root=False))
    assert remedy in state.remedy and not state.fixable


def test_a_machine_without_a_known_boot_menu_is_told_what_to_do(tmp_path: Path) -> None:
    plan = make_plan(facts_of("debian-no-iommu", tmp_path), SetupRequest(user=MIKE))
    assert any("boot with intel_iommu=on iommu=pt" in note for note in plan.notes)


def test_the_unsafe_mode_is_switched_off_where_there_is_an_iommu(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, iommu=replace(facts.iommu, no_iommu_mode=True))
    assert "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode -> N" in shown(
        make_plan(facts, SetupRequest(parts=frozenset({SetupPart.IOMMU}), user=MIKE))
    )


def test_an_iommu_without_interrupt_remapping_gets_the_setting_of_the_product_page(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, iommu=replace(facts.iommu, remaps_interrupts=False))
    assert "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts -> Y" in shown(
        make_plan(facts, SetupRequest(nics=(BAR,)))
    )


def test_dpdk_does_not_get_the_pages_of_64_kib_that_arm_has(tmp_path: Path) -> None:
    facts = facts_of("debian-no-iommu", tmp_path)
    (usual,) = facts.memory.pools
    small = replace(usual, page_kib=64, directory="/sys/kernel/mm/hugepages/hugepages-64kB")
    facts = replace(facts, memory=replace(facts.memory, pools=(small, usual)))
    (line,) = shown(make_plan(facts, SetupRequest(parts=frozenset({SetupPart.HUGE_PAGES}))))
    assert "hugepages-2048kB" in line


def test_pages_of_another_size_count_unless_a_size_is_asked_for(tmp_path: Path) -> None:
    facts = facts_of("one-gib-pages", tmp_path)
    parts = frozenset({SetupPart.HUGE_PAGES})
    assert shown(make_plan(facts, SetupRequest(parts=parts))) == []
    assert shown(make_plan(facts, SetupRequest(parts=parts, page_kib=2048))) == [
        "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages -> 512"
    ]
    assert shown(make_plan(facts, SetupRequest(parts=parts, page_kib=1 << 20, huge_kib=6 << 20))) == [
        "/sys/devices/system/node/node0/hugepages/hugepages-1048576kB/nr_hugepages -> 6"
    ]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (SetupRequest(page_kib=4096, nics=(BAR,)), "no huge pages of 4096 KiB"),
        (SetupRequest(huge_kib=1 << 40, nics=(BAR,)), "more than this machine's"),
        (SetupRequest(nics=("eth7",)), "eth7 is no network device"),
        (SetupRequest(nics=("enp67s0",)), "enp67s0 carries the default route"),
        (SetupRequest(), r"several NICs are free: 0000:48:00.0 \(enp72s0f0\), 0000:48:00.1 \(enp72s0f1\)"),
    ],
)
def test_what_cannot_or_must_not_be_done_is_refused(
    asked: SetupRequest, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match=complaint):
        make_plan(facts_of("bare-metal-ixgbe", tmp_path), asked)


@pytest.mark.parametrize("name", ["0000:43:00.0", "43:00.0", "enp67s0"])
def test_the_default_routes_nic_is_taken_when_forced_by_name(name: str, tmp_path: Path) -> None:
    asked = SetupRequest(nics=("enp67s0",), forced=frozenset({name}))
    assert "driver of 0000:43:00.0 -> vfio-pci" in shown(
        make_plan(facts_of("bare-metal-ixgbe", tmp_path), asked)
    )


def moved(facts: Facts, mac: str) -> Facts:
    """At boot another card is at the address of the one that setup took; logins will go over it, but none
    does yet."""
    saved = SavedNic(BAR, "ixgbe", facts.network["enp72s0f0"])
    network = {**facts.network, "enp72s0f0": replace(facts.network["enp72s0f0"], permanent_mac=mac)}
    return replace(facts, network=network, saved_nics=(saved,))


def test_the_boot_unit_does_not_take_another_card_that_is_at_the_address_now(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    at_boot = SetupRequest(nics=(BAR,), forced=frozenset({BAR}), is_temporary=True)
    with pytest.raises(RefusedError, match=r"is not the NIC that setup took there: .* 02:00:00:00:00:99"):
        make_plan(moved(facts, "02:00:00:00:00:99"), at_boot)
    same = make_plan(moved(facts, facts.network["enp72s0f0"].mac.upper()), at_boot)
    assert f"driver of {BAR} -> vfio-pci" in shown(same)


def test_no_unit_runs_a_program_as_root_that_others_may_change(tmp_path: Path) -> None:
    plan = make_plan(
        facts_of("bare-metal-ixgbe", tmp_path), SetupRequest(nics=(BAR,), changeable="/opt/venv")
    )
    assert not any(".service" in line for line in shown(plan))
    assert any("/opt/venv can be changed by others than root" in note for note in plan.notes)


@pytest.mark.parametrize(
    "thing",
    ["the route to 0.0.0.0/0 over several paths", "the queueing discipline htb", "vlan5", "4 virtual"],
)
def test_what_undo_could_not_restore_is_refused_even_with_force(thing: str, tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    nic = facts.network["enp72s0f0"]
    if thing == "vlan5":
        vlan = replace(nic, name="vlan5", lower="enp72s0f0", addresses=(), routes=())
        facts = replace(facts, network={**facts.network, "vlan5": vlan})
    elif thing == "4 virtual":
        (tmp_path / f"sys/bus/pci/devices/{BAR}/sriov_numvfs").write_text("4\n")
        facts = read_facts(Tree(tmp_path), facts.network)
    else:
        nic = replace(nic, beyond_saving=(thing,))
        facts = replace(facts, network={**facts.network, "enp72s0f0": nic})
    with pytest.raises(RefusedError, match=f"undo could not restore .*{thing}"):
        make_plan(facts, SetupRequest(nics=(BAR,), forced=frozenset({BAR})))


def test_an_ssh_sessions_nic_is_refused(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, session=replace(facts.session, ssh_addresses=frozenset({"10.20.0.5"})))
    with pytest.raises(RefusedError, match="SSH session"):
        make_plan(facts, SetupRequest(nics=(BAR,)))


@pytest.mark.parametrize(
    ("ssh", "connected", "reason"),
    [("fe80::5%enp72s0f0", "", "an SSH session"), ("", "fe80::5", "open connections")],
)
def test_a_session_over_a_link_local_address_keeps_its_nic(
    ssh: str, connected: str, reason: str, tmp_path: Path
) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    used = replace(facts.session, ssh_addresses=frozenset({ssh}), used_addresses=frozenset({connected}))
    network = {name: replace(each, link_local=("fe80::5",)) for name, each in facts.network.items()}
    facts = replace(facts, session=used, network=network)
    with pytest.raises(RefusedError, match=f"enp72s0f0 .*{reason}"):
        make_plan(facts, SetupRequest(nics=(BAR,)))
    if ssh:  # the zone tells two NICs of one link-local address apart
        assert make_plan(facts, SetupRequest(nics=("0000:48:00.1",))).changes


def test_the_nic_of_a_media_driver_is_refused(tmp_path: Path) -> None:
    """In a migration aeronmd still runs on the NIC that aeronmd_dpdk is to have."""
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    session = replace(facts.session, udp_sockets={"10.20.0.5": frozenset({20121})})
    facts = replace(facts, session=session)
    with pytest.raises(RefusedError, match=r"UDP sockets bound to its address \(10.20.0.5:20121\)"):
        make_plan(facts, SetupRequest(nics=(BAR,)))
    assert make_plan(facts, SetupRequest(nics=(BAR,), forced=frozenset({BAR}))).changes


def test_an_address_in_use_is_refused(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    facts = replace(facts, session=replace(facts.session, used_addresses=frozenset({"10.20.0.5"})))
    with pytest.raises(RefusedError, match="open connections"):
        make_plan(facts, SetupRequest(nics=(BAR,)))


def test_a_shared_group_is_refused_unless_all_of_it_is_taken(tmp_path: Path) -> None:
    facts = facts_of("bare-metal-ixgbe", tmp_path)
    peers = {BAR: "0000:48:00.1", "0000:48:00.1": BAR}
    nics = tuple(
        replace(nic, iommu_group=52, peers=(Peer(peers[nic.address], 0x020000, "ixgbe"),))
        if nic.address in peers
        else nic
        for nic in facts.nics
    )
    facts = replace(facts, nics=nics)
    with pytest.raises(RefusedError, match="shares IOMMU group 52"):
        make_plan(facts, SetupRequest(nics=(BAR,), forced=frozenset({BAR})))
    lines = shown(make_plan(facts, SetupRequest(nics=tuple(peers))))
    assert "driver of 0000:48:00.1 -> vfio-pci" in lines


def test_a_nic_that_dpdk_works_beside_is_not_bound(tmp_path: Path) -> None:
    plan = make_plan(facts_of("bare-metal-ixgbe", tmp_path), SetupRequest(nics=("enp1s0f0",)))
    assert not any("driver of" in line for line in shown(plan))
    assert any("stays with mlx5_core" in note for note in plan.notes)


def test_a_bound_nic_stays_bound(tmp_path: Path) -> None:
    lines = shown(make_plan(facts_of("one-gib-pages", tmp_path), SetupRequest(user=MIKE)))
    assert not any("driver of" in line or "network" in line or "nics/" in line for line in lines)


def test_drivers_are_chosen_from_best_to_last(tmp_path: Path) -> None:
    facts = facts_of("aws-c6in", tmp_path)
    ena = facts.nic("ens6")
    assert ena is not None
    assert choose_driver(facts, ena).needs_no_iommu_mode
    presences = {**facts.kernel.modules, "igb_uio": Presence.INSTALLED}
    with_igb_uio = replace(facts, kernel=replace(facts.kernel, modules=presences))
    assert choose_driver(without_modules(with_igb_uio, "vfio_pci"), ena).driver == "igb_uio"
    assert choose_driver(without_modules(facts, "vfio_pci"), ena).driver == "uio_pci_generic"
    with pytest.raises(RefusedError, match="no driver that could hand"):
        choose_driver(without_modules(facts, "vfio_pci", "uio_pci_generic"), ena)


def test_ena_is_not_given_to_a_dpdk_that_cannot_poll_its_admin_queue(tmp_path: Path) -> None:
    """DPDK 22.11 on uio_pci_generic: the NIC would be bound, and the driver could not start."""
    instance = facts_of("aws-c6in", tmp_path)
    facts = without_modules(instance, "vfio_pci")
    needs = "ENA needs DPDK 24.03 on uio_pci_generic, and this is 22.11"
    with pytest.raises(RefusedError, match=f"uio_pci_generic only: {needs}: use a kernel"):
        make_plan(facts, SetupRequest(nics=("ens6",), dpdk=(22, 11)))
    with pytest.raises(RefusedError, match=f"{needs}: use vfio-pci, or a newer DPDK"):
        make_plan(instance, SetupRequest(nics=("ens6",), driver="uio_pci_generic", dpdk=(22, 11)))
    newer = make_plan(facts, SetupRequest(nics=("ens6",), dpdk=(24, 3)))
    assert "driver of 0000:00:06.0 -> uio_pci_generic" in shown(newer)
    assert any("control_path_poll_interval=1000" in note for note in newer.notes)


def test_other_nics_are_taken_on_uio_pci_generic_whatever_the_dpdk(tmp_path: Path) -> None:
    facts = facts_of("debian-no-iommu", tmp_path)
    assert choose_driver(facts, facts.nics[1], dpdk=(22, 11)).driver == "uio_pci_generic"


def test_ena_on_uio_pci_generic_is_started_with_the_argument_that_it_needs(tmp_path: Path) -> None:
    ena = facts_of("aws-c6in", tmp_path).nic("ens6")
    assert ena is not None
    assert allow_argument(replace(ena, driver="vfio-pci")) == "0000:00:06.0"
    polled = "0000:00:06.0,control_path_poll_interval=1000"
    assert allow_argument(replace(ena, driver="uio_pci_generic")) == polled


def test_a_wanted_driver_that_cannot_work_is_refused_with_those_that_would(tmp_path: Path) -> None:
    facts = facts_of("debian-no-iommu", tmp_path)
    with pytest.raises(RefusedError, match="vfio-pci does not work .* but uio_pci_generic would"):
        choose_driver(facts, facts.nics[1], "vfio-pci")


def test_igb_uio_is_loaded_with_write_combining(tmp_path: Path) -> None:
    facts = facts_of("aws-c6in", tmp_path)
    presences = {**facts.kernel.modules, "igb_uio": Presence.INSTALLED}
    facts = replace(facts, kernel=replace(facts.kernel, modules=presences))
    lines = shown(make_plan(facts, SetupRequest(driver="igb_uio")))
    assert lines.index('/etc/modprobe.d/aeron-dpdk.conf -> "options igb_uio wc_activate=1"') < lines.index(
        "kernel module igb_uio -> loaded"
    )


def test_in_a_container_setup_refers_to_the_host(tmp_path: Path) -> None:
    plan = make_plan(facts_of("container", tmp_path), SetupRequest())
    assert any("container" in note for note in plan.notes)
