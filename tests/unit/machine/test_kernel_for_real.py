"""The effects on this kernel: huge pages, a sysctl, files, an interface. What is changed is put back."""

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aeron_dpdk.machine.change.apply import apply, steps_of, undo
from aeron_dpdk.machine.change.journal import opened_journal
from aeron_dpdk.machine.change.nic_resources import at_rest
from aeron_dpdk.machine.change.resources import Change, FilePermissions, KernelValue
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route, StaticNeighbour
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.facts.memory import read_memory
from aeron_dpdk.machine.facts.saved_nic import SavedNic, interface_from
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan.make_plan import make_plan
from aeron_dpdk.machine.tree import Tree

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes the kernel's settings, which needs root")
GIB_IN_KIB = 1 << 20


class KernelWithOwnState(System):
    """This kernel's /sys and /proc, with the journal and /etc below a folder of the test's."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def path(self, name: str) -> Path:
        return Path(name) if name.startswith(("/sys", "/proc")) else self.folder / name.lstrip("/")


def is_in_one_piece(place: Path) -> bool:
    """Whether the kernel can assemble one more huge page: after long use, memory is fragmented."""
    try:
        place.write_text("1")
        return int(place.read_text()) == 1
    finally:
        place.write_text("0")


@needs_root
def test_huge_pages_are_reserved_verified_and_given_back(tmp_path: Path) -> None:
    """Of 1 GiB, so that tests which take small ones at the same time are not disturbed."""
    system = KernelWithOwnState(tmp_path)
    pools = [pool for pool in read_memory(system).pools if pool.page_kib == GIB_IN_KIB]
    if not pools or pools[0].total or read_memory(system).total_kib < 8 * GIB_IN_KIB:
        pytest.skip("no room for a huge page of 1 GiB, or some are reserved already")
    place = f"{pools[0].directory}/nr_hugepages"
    if not is_in_one_piece(Path(place)):
        pytest.skip("memory is too fragmented for a huge page of 1 GiB")
    request = SetupRequest(parts=frozenset({SetupPart.HUGE_PAGES}), page_kib=GIB_IN_KIB, huge_kib=GIB_IN_KIB)
    steps = steps_of(make_plan(read_facts(system, {}), request).changes, system)
    assert [str(step) for step in steps] == [f"{place}: 0 -> 1"]
    try:
        with opened_journal(system) as journal:
            apply(steps, system, journal, lambda line: None)
        assert system.number(place) == 1
        assert steps_of(make_plan(read_facts(system, {}), request).changes, system) == ()
        with opened_journal(system) as journal:
            undo(system, journal, lambda line: None)
        assert system.number(place) == 0
    finally:
        Path(place).write_text("0\n")


@needs_root
def test_a_setting_of_the_kernel_is_changed_and_restored(tmp_path: Path) -> None:
    system = KernelWithOwnState(tmp_path)
    setting = KernelValue("/proc/sys/net/unix/max_dgram_qlen")
    before = setting.read(system)
    changed = str(int(before) + 1)
    with opened_journal(system) as journal:
        apply(steps_of([Change(setting, changed, "a test")], system), system, journal, lambda line: None)
        assert setting.read(system) == changed
        undo(system, journal, lambda line: None)
    assert setting.read(system) == before


@needs_root
def test_owner_and_mode_are_changed_together(tmp_path: Path) -> None:
    (tmp_path / "group").touch(0o600)
    system, file = System(tmp_path), FilePermissions("/group")
    file.write(system, [0, 990, 0o660])
    assert file.read(system) == [0, 990, 0o660]
    assert (tmp_path / "group").stat().st_gid == 990


def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path) -> None:
    system = System(tmp_path)
    system.replace_file("/etc/x/y.conf", "one\n", 0o640)
    system.replace_file("/etc/x/y.conf", "two\n", 0o644)
    (found,) = (tmp_path / "etc/x").iterdir()
    assert found.read_text() == "two\n" and found.stat().st_mode & 0o777 == 0o644


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        System(tmp_path).run(["ls", "/nowhere"])
    with pytest.raises(FileNotFoundError):
        System(tmp_path).run(["no-such-command"])


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace of its own for this thread, with an interface in it."""
    name = f"adk-setup-{os.getpid()}"
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    subprocess.run(["ip", "netns", "add", name], check=True)
    other = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        setns(other)
        subprocess.run(["ip", "link", "add", "nic0", "type", "veth", "peer", "far"], check=True)
        subprocess.run(["ip", "link", "set", "far", "up"], check=True)
        yield name
    finally:
        setns(own)
        os.close(other)
        os.close(own)
        subprocess.run(["ip", "netns", "del", name], check=True)


def setns(handle: int) -> None:
    """os.setns() came with Python 3.12."""
    import ctypes  # noqa: PLC0415 - only this test needs it

    clone_newnet = 0x40000000
    if ctypes.CDLL(None, use_errno=True).setns(handle, clone_newnet) != 0:
        raise OSError(ctypes.get_errno(), "setns")


WANTED = KernelInterface(
    "ens6",
    "06:00:00:00:00:05",
    9000,
    is_up=True,
    has_carrier=True,
    addresses=(
        InterfaceAddress("10.1.2.3/24", "10.1.2.255", "ens6"),
        InterfaceAddress("10.1.2.4/24", "10.1.2.255", "ens6:1", 3600, 1800),
        InterfaceAddress("fd00::5/64"),
    ),
    routes=(
        Route("10.9.0.0/16", "10.1.2.9", protocol=4),
        Route("0.0.0.0/0", "10.1.2.1", source="10.1.2.3", protocol=16, metric=200),
        Route("10.8.0.0/16", table=1000, protocol=4, scope=253),
        Route("fd01::/48", "fd00::1", protocol=4, metric=1024),
        Route("::/0", "fe80::1", protocol=9, metric=1024),
        Route("10.7.0.0/16", "10.200.0.1", is_onlink=True, metrics=(("mtu", 1400), ("initcwnd", 20))),
    ),
    neighbours=(
        StaticNeighbour("10.1.2.9", "02:00:00:00:00:09"),
        StaticNeighbour("fd00::9", "02:00:00:00:00:09"),
    ),
)


@needs_root
def test_an_interface_gets_everything_back(namespace: str) -> None:
    system = System()
    system.configure("nic0", WANTED)
    present = system.network()["ens6"]
    assert set(system.network()) == {"lo", "far", "ens6"}
    assert (present.mac, present.mtu, present.is_up) == (WANTED.mac, 9000, True)
    assert essence(present.addresses) == essence(WANTED.addresses)
    assert set(present.routes) >= set(WANTED.routes)
    assert set(present.neighbours) == set(WANTED.neighbours) and present.beyond_saving == ()


@needs_root
def test_what_ethtool_set_comes_back(namespace: str) -> None:
    """As after a change of driver: a device taken again has its driver's defaults."""
    system = System()
    defaults = system.device_settings("nic0")
    assert ("feature rx-checksum", 1) in defaults and ("channels rx_count", 1) in defaults
    subprocess.run(["ethtool", "-K", "nic0", "rx", "off", "gro", "on"], check=True)
    own = system.device_settings("nic0")
    assert {("feature rx-checksum", 0), ("feature rx-gro", 1)} <= set(own)
    for settings in (defaults, own):
        system.configure("nic0", replace(WANTED, name="nic0", device_settings=settings))
        assert system.device_settings("nic0") == settings


@needs_root
def test_what_a_driver_does_not_take_back_is_named(namespace: str) -> None:
    wanted = (("channels rx_count", 4096), ("feature rx-gro", 1), ("ring rx", 512))
    system = System()
    with pytest.raises(OSError, match="channels rx_count 4096, ring rx 512$"):
        system.configure("nic0", replace(WANTED, name="nic0", device_settings=wanted))
    assert ("feature rx-gro", 1) in system.device_settings("nic0")
    assert system.network()["nic0"].is_up


@needs_root
def test_link_local_addresses_are_known_apart(namespace: str) -> None:
    system = System()
    system.configure("nic0", WANTED)
    subprocess.run(["ip", "address", "add", "fe80::77/64", "dev", "ens6", "nodad"], check=True)
    present = system.network()["ens6"]
    assert "fe80::77" in present.link_local
    assert not any(each.cidr.startswith("fe80") for each in present.addresses)


@needs_root
def test_an_interface_is_taken_down_and_loses_its_addresses(namespace: str) -> None:
    system = System()
    system.configure("nic0", WANTED)
    system.configure("ens6", replace(WANTED, is_up=False, addresses=(), routes=()))
    present = system.network()["ens6"]
    assert not present.is_up and present.addresses == () and present.routes == ()


@needs_root
def test_configuring_twice_has_the_same_result_as_once(namespace: str) -> None:
    system = System()
    for _ in range(2):
        (name,) = set(system.network()) & {"nic0", "ens6"}
        system.configure(name, WANTED)
    assert essence(system.network()["ens6"].addresses) == essence(WANTED.addresses)


@needs_root
@pytest.mark.parametrize("kind", ["bridge", "bond"])
def test_a_port_leaves_its_bridge_or_bond_and_comes_back(kind: str, namespace: str) -> None:
    made = subprocess.run(["ip", "link", "add", "upper", "type", kind], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"this kernel has no {kind}")
    system = System()
    system.configure("nic0", replace(WANTED, master="upper", addresses=(), routes=()))
    before = system.network()["ens6"]
    assert before.master == "upper"
    system.configure("ens6", interface_from(at_rest(before)))
    rested = system.network()["ens6"]
    assert rested.master is None and not rested.is_up and rested.mac == before.mac
    system.configure("ens6", before)
    assert steady(system.network()["ens6"]) == steady(before)


def steady(interface: KernelInterface) -> KernelInterface:
    """Without what the kernel sets by itself a moment after the link is up."""
    return replace(interface, has_carrier=True, link_local=())


@needs_root
def test_an_interface_on_top_of_another_names_it(namespace: str) -> None:
    command = ["ip", "link", "add", "link", "nic0", "name", "over", "type", "macvlan"]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("this kernel has no macvlan")
    assert System().network()["over"].lower == "nic0"


@needs_root
def test_the_other_half_of_a_pair_in_another_namespace_is_no_interface_of_ours(namespace: str) -> None:
    other = f"{namespace}-other"
    subprocess.run(["ip", "netns", "add", other], check=True)
    try:
        subprocess.run(["ip", "link", "set", "far", "netns", other], check=True)
        assert System().network()["nic0"].lower is None
    finally:
        subprocess.run(["ip", "netns", "del", other], check=True)


@needs_root
def test_a_route_of_two_paths_counts_for_both_interfaces(namespace: str) -> None:
    system = System()
    for name, address in (("nic0", "10.1.2.3/24"), ("far", "10.1.3.3/24")):
        system.configure(
            name, replace(WANTED, name=name, mtu=1500, addresses=(InterfaceAddress(address),), routes=())
        )
    hops = ["nexthop", "via", "10.1.2.1", "dev", "nic0", "nexthop", "via", "10.1.3.1", "dev", "far"]
    subprocess.run(["ip", "route", "add", "default", *hops], check=True)
    routes = {
        name: [(each.is_default, each.gateway) for each in found.routes]
        for name, found in system.network().items()
    }
    assert routes == {"lo": [], "nic0": [(True, "10.1.2.1")], "far": [(True, "10.1.3.1")]}


@needs_root
@pytest.mark.parametrize(
    ("command", "named"),
    [
        (
            "ip route add 10.5.0.0/16 nexthop via 10.1.2.1 dev ens6 nexthop via 10.1.2.9 dev ens6",
            "several paths",
        ),
        ("ip route add 10.6.0.0/16 tos 4 dev ens6", "10.6.0.0/16 with a TOS"),
        ("tc qdisc add dev ens6 clsact", "the queueing discipline clsact"),
    ],
)
def test_what_cannot_be_restored_is_named(command: str, named: str, namespace: str) -> None:
    system = System()
    system.configure("nic0", WANTED)
    if subprocess.run(command.split(), capture_output=True, check=False).returncode != 0:
        pytest.skip(f"this kernel cannot do {command}")
    assert any(named in each for each in system.network()["ens6"].beyond_saving)


@needs_root
def test_a_cloud_instance_of_one_address_gets_its_gateway_back(namespace: str) -> None:
    """A /32 whose gateway is reached by a route of its own, as on Google Cloud; and one that is onlink."""
    system = System()
    own = (InterfaceAddress("10.128.0.5/32", label="ens6"),)
    hop = Route("10.128.0.1/32", scope=253, protocol=3)
    for routes in (
        (Route("0.0.0.0/0", "10.128.0.1", protocol=16), hop),
        (Route("0.0.0.0/0", "10.128.0.1", protocol=16, is_onlink=True),),
    ):
        wanted = replace(WANTED, addresses=own, routes=routes, neighbours=())
        system.configure(next(iter(set(system.network()) & {"nic0", "ens6"})), wanted)
        present = system.network()["ens6"]
        assert set(present.routes) == set(routes)
        [own_address] = SavedNic("0000:00:06.0", "ena", present).addresses
        assert str(own_address.gateway) == "10.128.0.1"
        system.configure("ens6", interface_from(at_rest(present)))


def essence(addresses: tuple[InterfaceAddress, ...]) -> set[tuple[str, str | None, bool]]:
    return {(each.cidr, each.label, each.valid_s is not None) for each in addresses}


def test_this_machine_can_be_read_by_anybody() -> None:
    facts = read_facts(Tree(), System().network())
    assert facts.session.cpus == os.sched_getaffinity(0)
    assert facts.kernel.release == os.uname().release
    assert {name for _, name in socket.if_nameindex()} == set(facts.network)
