"""What is read from the recorded hosts."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.hosts.recorded import NAMES, RecordedTree, facts_of, network_of, unpack

from aeron_dpdk.machine.facts.accounts import Account, changeable_part, read_account, read_group_id
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.kernel import Presence
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.facts.nics import Bar, MemoryMapping, Peer, read_mappings, types_within
from aeron_dpdk.machine.facts.saved_nic import SavedNic, from_json, to_json
from aeron_dpdk.machine.tree import Permissions, Tree


@pytest.mark.parametrize("name", NAMES)
def test_every_recorded_host_is_read_and_not_changed(name: str, tmp_path: Path) -> None:
    tree = unpack(name, tmp_path)
    before = sorted((path, path.stat(follow_symlinks=False).st_mtime_ns) for path in tmp_path.rglob("*"))
    assert read_facts(tree, network_of(name)).kernel.release != "unknown"
    assert (
        sorted((path, path.stat(follow_symlinks=False).st_mtime_ns) for path in tmp_path.rglob("*")) == before
    )


def test_an_empty_tree_is_a_host_without_anything(tmp_path: Path) -> None:
    facts = read_facts(Tree(tmp_path), {})
    assert facts.nics == () and facts.memory.pools == () and not facts.iommu.is_on
    assert facts.mappings is None and not facts.kernel.offers("vfio_pci")


def test_a_nic_of_the_product_page_is_read_with_its_group_and_name(tmp_path: Path) -> None:
    nic = facts_of("bare-metal-ixgbe", tmp_path).nic("48:00.0")
    assert nic is not None
    assert (nic.name, nic.driver, nic.modules) == (
        "82598EB 10-Gigabit AF Dual Port Network Connection",
        "ixgbe",
        ("ixgbe",),
    )
    assert (nic.iommu_group, nic.numa_node, nic.interfaces) == (52, 1, ("enp72s0f0",))
    assert nic.peers == (Peer("0000:47:00.0", 0x060400, "pcieport"),)


def test_a_device_without_a_name_file_is_shown_by_its_ids(tmp_path: Path) -> None:
    assert facts_of("container", tmp_path).nics[0].name == "Device 8086:10fb"


def test_only_prefetchable_memory_counts_for_write_combining(tmp_path: Path) -> None:
    nic = facts_of("aws-c6in", tmp_path).nic("ens6")
    assert nic is not None and nic.bars == (Bar(0xFD000000, 0xFDFFFFFF),)


def test_the_interface_of_a_virtio_device_is_found_below_its_own_bus(tmp_path: Path) -> None:
    facts = facts_of("debian-no-iommu", tmp_path)
    device = tmp_path / "sys/bus/pci/devices/0000:00:03.0"
    (device / "net/enp0s3").rmdir()
    (device / "virtio1/net/enp0s3").mkdir(parents=True)
    nic = read_facts(Tree(tmp_path), facts.network).nic("0000:00:03.0")
    assert nic is not None and nic.interfaces == ("enp0s3",)


def test_huge_pages_are_counted_by_node_and_size(tmp_path: Path) -> None:
    pools = facts_of("one-gib-pages", tmp_path).memory.pools
    assert [(pool.node, pool.page_kib, pool.total, pool.free) for pool in pools] == [
        (0, 2048, 0, 0),
        (0, 1048576, 4, 2),
        (1, 2048, 0, 0),
        (1, 1048576, 4, 4),
    ]


def test_a_kernel_without_numa_has_its_huge_pages_in_one_place(tmp_path: Path) -> None:
    (pool,) = facts_of("debian-no-iommu", tmp_path).memory.pools
    assert pool.node is None and pool.directory.startswith("/sys/kernel/mm/hugepages/")


def test_a_mount_has_its_page_size_and_permissions(tmp_path: Path) -> None:
    (mount,) = facts_of("one-gib-pages", tmp_path).memory.mounts
    assert mount.page_kib == 1 << 20 and mount.permissions == Permissions(0, 990, 0o775)


def test_built_in_installed_and_absent_modules_are_told_apart(tmp_path: Path) -> None:
    modules = facts_of("aws-c6in", tmp_path).kernel.modules
    assert modules["vfio_pci"] is Presence.BUILT_IN
    assert modules["uio_pci_generic"] is Presence.INSTALLED
    assert modules["igb_uio"] is Presence.ABSENT


def test_a_group_that_vfio_made_up_is_no_iommu(tmp_path: Path) -> None:
    name = "debian-no-iommu"
    tree = unpack(name, tmp_path)
    group = tmp_path / "sys/kernel/iommu_groups/0"
    group.mkdir(parents=True)
    (tmp_path / "sys/bus/pci/devices/0000:00:03.0/iommu_group").symlink_to("../../kernel/iommu_groups/0")
    assert read_facts(tree, network_of(name)).iommu.is_on
    (group / "name").write_text("vfio-noiommu\n")
    facts = read_facts(tree, network_of(name))
    assert not facts.iommu.is_on and facts.nics[1].iommu_group is None


@pytest.mark.parametrize("line", ["", "+", "+::::::", "+@netgroup::::::", "-mallory", "# a comment", "x:y"])
def test_lines_that_are_no_entries_of_passwd_and_group_are_skipped(line: str, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text(f"{line}\nmike:x:1000:1000:,,,:/:/bin/sh\n{line}\n")
    (tmp_path / "etc/group").write_text(f"{line}\nmike:x:1000:\n{line}\nvfio:x:990:mike\n")
    tree = Tree(tmp_path)
    assert read_account(tree, "mike") == Account("mike", 1000, 1000, frozenset({1000, 990}))
    assert read_account(tree, "+") is None
    assert read_group_id(tree, "vfio") == 990


def test_an_ssh_session_is_found_in_an_ancestor_although_sudo_cleaned_our_environment(tmp_path: Path) -> None:
    session = facts_of("aws-c6in", tmp_path).session
    assert session.ssh_addresses == {"172.31.16.10"} == session.used_addresses


def test_udp_sockets_count_for_the_address_they_are_bound_to_but_not_system_sockets(tmp_path: Path) -> None:
    """The lines: a stock aeronmd, systemd-networkd's DHCP client, a socket for all addresses."""
    tree = unpack("aws-c6in", tmp_path)
    (tmp_path / "proc/net/udp").write_text(
        "   sl  local_address rem_address   st\n"
        "  1: 14101FAC:9CA4 00000000:0000 07 \n"
        "  2: 14101FAC:0044 00000000:0000 07 \n"
        "  3: 00000000:14E9 00000000:0000 07 \n"
    )
    assert read_facts(tree, {}).session.udp_sockets == {"172.31.16.20": {40100}}


@pytest.mark.parametrize(
    ("part", "permissions", "is_changeable"),
    [
        ("/opt/adk/bin/aeron-dpdk", Permissions(0, 0, 0o755), False),
        ("/opt/adk/bin/aeron-dpdk", Permissions(1000, 1000, 0o755), True),
        ("/opt/adk/bin", Permissions(1000, 1000, 0o700), True),
        ("/opt/adk", Permissions(0, 1000, 0o775), True),
        ("/opt/adk", Permissions(0, 50, 0o2775), False),
        ("/opt", Permissions(0, 0, 0o777), True),
        ("/opt", Permissions(0, 0, 0o1777), False),
    ],
)
def test_a_program_is_roots_only_if_every_folder_above_it_is(
    part: str, permissions: Permissions, is_changeable: bool, tmp_path: Path
) -> None:
    root = Permissions(0, 0, 0o755)
    chain = dict.fromkeys(("/", "/opt", "/opt/adk", "/opt/adk/bin", "/opt/adk/bin/aeron-dpdk"), root)
    tree = RecordedTree(tmp_path, {**chain, part: permissions})
    assert changeable_part(tree, ["/opt/adk/bin/aeron-dpdk"]) == (part if is_changeable else None)


def test_limits_and_quotas_of_a_container_are_read(tmp_path: Path) -> None:
    facts = facts_of("container", tmp_path)
    assert facts.in_container and facts.session.cpus == {2, 3}
    assert facts.session.cpu_quota == 1.5 and facts.session.memlock_bytes == 65536


def test_pages_of_ended_processes_are_leftovers_and_those_of_living_ones_are_not(tmp_path: Path) -> None:
    tree = unpack("one-gib-pages", tmp_path)
    in_use = tmp_path / "dev/hugepages/rtemap_0"
    in_use.touch()
    (tmp_path / "proc/locks").write_text(
        f"1: POSIX  ADVISORY  WRITE 77 00:19:{(tmp_path / 'run/dpdk/rte/config').stat().st_ino} 0 EOF\n"
        f"2: FLOCK  ADVISORY  READ 77 00:2d:{in_use.stat().st_ino} 0 EOF\n"
    )
    files = read_facts(tree, {}).files
    assert files.dead_prefixes == ("old",) and files.huge_files == ("/dev/hugepages/oldmap_0",)


@pytest.mark.parametrize(
    "line",
    [
        "PAT: [mem 0x00000000fd000000-0x00000000fd100000] write-combining",
        "write-combining @ 0xfd000000-0xfd100000",
    ],
)
def test_both_formats_of_the_kernels_memory_types_are_read(line: str, tmp_path: Path) -> None:
    debug = tmp_path / "sys/kernel/debug/x86"
    debug.mkdir(parents=True)
    (debug / "pat_memtype_list").write_text(f"PAT memtype list:\n{line}\n")
    mappings = read_mappings(Tree(tmp_path))
    assert mappings == (MemoryMapping(0xFD000000, 0xFD100000, "write-combining"),)
    assert types_within((Bar(0xFD000000, 0xFDFFFFFF),), mappings) == {"write-combining"}
    assert types_within((Bar(0xFC000000, 0xFCFFFFFF),), mappings) == frozenset()


INTERFACE = KernelInterface(
    "ens6",
    "06:00:00:00:00:01",
    9001,
    is_up=True,
    has_carrier=True,
    addresses=(
        InterfaceAddress("fd00::5/64"),
        InterfaceAddress("10.1.2.3/24", "10.1.2.255", "ens6", 3600, 1800),
    ),
    routes=(Route("10.9.0.0/16", "10.1.2.9"), Route("0.0.0.0/0", "10.1.2.1", metric=200)),
)


def test_a_saved_nic_comes_back_from_its_file_as_it_was() -> None:
    saved = SavedNic("0000:00:06.0", "ena", INTERFACE)
    assert from_json(to_json(saved)) == saved


def test_the_saved_gateway_is_the_default_routes_before_any_other() -> None:
    saved = SavedNic("0000:00:06.0", "ena", INTERFACE)
    [own] = saved.addresses
    assert str(own.ipv4) == "10.1.2.3/24" and str(own.gateway) == "10.1.2.1"
    other = replace(saved, interface=replace(INTERFACE, routes=INTERFACE.routes[:1]))
    assert str(other.addresses[0].gateway) == "10.1.2.9"


def test_a_saved_gateway_that_is_not_on_link_is_not_used() -> None:
    far = replace(INTERFACE, routes=(Route("0.0.0.0/0", "192.168.0.1"),))
    assert SavedNic("0000:00:06.0", "ena", far).addresses[0].gateway is None


def test_a_damaged_saved_nic_is_skipped(tmp_path: Path) -> None:
    tree = unpack("one-gib-pages", tmp_path)
    (tmp_path / "var/lib/aeron-dpdk/nics/0000:00:00.0.json").write_text('{"address": 1}')
    assert [saved.address for saved in read_facts(tree, {}).saved_nics] == ["0000:5e:00.0"]


@pytest.mark.parametrize(
    ("owner", "mode", "expected"),
    [((1000, 0), 0o600, True), ((0, 990), 0o660, True), ((0, 990), 0o606, False), ((0, 0), 0o666, True)],
)
def test_access_goes_by_the_first_class_that_fits(owner: tuple[int, int], mode: int, expected: bool) -> None:
    assert Permissions(*owner, mode).allow_write(1000, frozenset({1000, 990})) is expected


def test_a_pod_of_kubernetes_is_a_container(tmp_path: Path) -> None:
    assert not facts_of("aws-c6in", tmp_path).in_container
    (tmp_path / "var/run/secrets/kubernetes.io").mkdir(parents=True)
    assert read_facts(Tree(tmp_path), {}).in_container


def test_interrupt_remapping_that_was_switched_off_at_boot_is_none(tmp_path: Path) -> None:
    assert facts_of("bare-metal-ixgbe", tmp_path).iommu.remaps_interrupts
    with (tmp_path / "proc/cmdline").open("a") as command_line:
        command_line.write("intremap=off\n")
    assert read_facts(Tree(tmp_path), {}).iommu.remaps_interrupts is False
