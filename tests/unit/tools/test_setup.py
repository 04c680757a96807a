"""The command setup: what it prints, asks, does and refuses."""

from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.hosts.fake_kernel import FakeKernel

from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.facts.interface import InterfaceAddress, KernelInterface, Route
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.facts.saved_nic import SavedNic
from aeron_dpdk.machine.intent import SetupPart
from aeron_dpdk.tools import setup
from aeron_dpdk.tools.main import main
from aeron_dpdk.tools.setup import missing_addresses

BAR = "0000:48:00.0"


def become_root(host: FakeKernel) -> None:
    status = host.path("/proc/self/status")
    status.write_text(status.read_text().replace("1000\t1000\t1000\t1000", "0\t0\t0\t0"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    fake = FakeKernel("bare-metal-ixgbe", tmp_path)
    become_root(fake)
    monkeypatch.setattr(setup, "this_host", lambda: fake)
    monkeypatch.setattr(setup, "own_program", lambda: "/usr/bin/aeron-dpdk")
    return fake


def run(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["setup", *arguments], input=stdin)


def steps_in(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if " -> " in line]


def test_a_dry_run_prints_what_the_run_then_does(host: FakeKernel) -> None:
    dry = run("--nic", BAR, "--dry-run")
    assert dry.exit_code == 0 and host.writes == []
    wet = run("--nic", BAR, "--yes")
    assert wet.exit_code == 0
    planned = [line.partition(". ")[2] for line in steps_in(dry.output)]
    done = steps_in(wet.output.partition("(systemd starts it at boot)")[2])
    assert planned == done and len(planned) > 5


def test_before_and_after_of_each_step_are_printed(host: FakeKernel) -> None:
    output = run("--nic", BAR, "--dry-run").output
    assert f"driver of {BAR}: ixgbe -> vfio-pci" in output
    assert "enp72s0f0 up, 10.20.0.5/24, 1 routes -> enp72s0f0 down, no address" in output


def test_the_next_command_is_printed_without_an_address_that_is_saved(host: FakeKernel) -> None:
    output = run("--nic", BAR, "--yes").output
    assert f"Start the driver with: sudo --preserve-env aeronmd_dpdk -a {BAR}" in output


SECOND = "0000:48:00.1"


@pytest.mark.parametrize("runs", [[["--nic", BAR, "--nic", SECOND]], [["--nic", BAR], ["--nic", SECOND]]])
def test_two_nics_taken_in_one_run_or_in_two_make_one_driver_and_go_back_together(
    host: FakeKernel, runs: list[list[str]]
) -> None:
    before = host.network()
    for nics in runs:
        result = run(*nics, "--yes")
        assert result.exit_code == 0, result.output
    next_line = result.output.splitlines()[-1]
    assert next_line == f"Start the driver with: sudo --preserve-env aeronmd_dpdk -a {BAR} -a {SECOND}"
    unit = host.path("/etc/systemd/system/aeron-dpdk-setup.service").read_text()
    assert f"--nic={BAR} --nic={SECOND} --force={BAR} --force={SECOND}" in unit
    assert run("--undo").exit_code == 0
    assert [host.link_name(f"/sys/bus/pci/devices/{nic}/driver") for nic in (BAR, SECOND)] == ["ixgbe"] * 2
    assert host.network() == before


def test_where_one_of_two_nics_has_no_saved_address_the_settings_of_both_are_printed(
    host: FakeKernel,
) -> None:
    run("--nic", BAR, "--nic", SECOND, "--yes")
    host.path(f"/var/lib/aeron-dpdk/nics/{BAR}.json").unlink()
    output = run("--nic", BAR, "--nic", SECOND, "--yes").output
    assert (
        "driver with: AERON_DPDK_LOCAL_IPV4_ADDRESS=ADDRESS/PREFIX AERON_DPDK_1_LOCAL_IPV4_ADDRESS=10."
        in output
    )


def test_after_undo_there_is_nothing_left_to_undo(host: FakeKernel) -> None:
    run("--nic", BAR, "--user", "mike", "--yes")
    dry = run("--undo", "--dry-run")
    assert f"driver of {BAR}: vfio-pci -> ixgbe" in dry.output
    assert host.link_name(f"/sys/bus/pci/devices/{BAR}/driver") == "vfio-pci"
    undone = run("--undo")
    assert undone.exit_code == 0 and "Undone" in undone.output
    assert host.link_name(f"/sys/bus/pci/devices/{BAR}/driver") == "ixgbe"
    assert host.network()["enp72s0f0"].addresses[0].cidr == "10.20.0.5/24"
    assert "Nothing to undo" in run("--undo").output


def test_a_second_run_has_nothing_to_do(host: FakeKernel) -> None:
    run("--nic", BAR, "--yes")
    assert "Nothing to do" in run("--nic", BAR, "--yes").output


def test_an_interface_that_is_gone_can_still_be_called_by_its_name(host: FakeKernel) -> None:
    run("--nic", "enp72s0f0", "--yes")
    assert "Nothing to do" in run("--nic", "enp72s0f0", "--yes").output


def test_answering_no_changes_nothing(host: FakeKernel) -> None:
    assert run("--nic", BAR, stdin="n\n").exit_code == 1
    assert host.writes == []


def test_an_ordinary_user_may_look_but_not_change(host: FakeKernel) -> None:
    status = host.path("/proc/self/status")
    status.write_text(status.read_text().replace("Uid:\t0", "Uid:\t1000"))
    assert run("--nic", BAR, "--dry-run").exit_code == 0
    result = run("--nic", BAR, "--yes")
    assert result.exit_code == 22 and "run the same with sudo" in result.output
    assert host.writes == []


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--nic", "enp67s0"], 22, "carries the default route: if you mean it: --force 0000:43:00.0."),
        (["--user", "nobody-here"], 22, "there is no user nobody-here"),
        (["--huge-memory", "plenty"], 2, "plenty is no size such as"),
        (["everything"], 2, "'everything' is not one of"),
        (["--driver", "ixgbe"], 2, "'ixgbe' is not one of"),
    ],
)
def test_a_refusal_says_what_to_do(arguments: list[str], code: int, complaint: str, host: FakeKernel) -> None:
    result = run(*arguments, "--yes")
    assert result.exit_code == code and complaint in result.output
    assert host.writes == []


def test_a_failed_step_has_an_exit_code_of_its_own(host: FakeKernel) -> None:
    host.most_huge_pages = 3
    result = run("huge-pages", "--page-size", "1G", "--huge-memory", "4G", "--yes")
    assert result.exit_code == 23 and "it is 3 instead" in result.output
    assert "rolled back" in result.output


@pytest.mark.parametrize(
    ("names", "now", "expected"),
    [
        ([], False, set(SetupPart)),
        ([], True, set(SetupPart) - {SetupPart.BOOT}),
        (["huge-pages"], False, {SetupPart.HUGE_PAGES, SetupPart.BOOT}),
        (["huge-pages"], True, {SetupPart.HUGE_PAGES}),
        (["sockets"], False, {SetupPart.SOCKETS}),
    ],
)
def test_what_does_not_last_by_itself_is_repeated_at_boot(
    names: list[str], now: bool, expected: set[SetupPart]
) -> None:
    assert setup.requested_parts(names, now) == expected


def test_setup_cpus_does_not_guess_the_cpus() -> None:
    with pytest.raises(RefusedError, match="--cpus 2-5"):
        setup.requested_parts(["cpus"], now=False)
    assert SetupPart.CPUS in setup.requested_parts(["sockets"], now=False, names_cpus=True)


def test_cpus_are_written_as_the_kernel_writes_them() -> None:
    assert setup.cpus_of("2-4,8") == {2, 3, 4, 8}
    with pytest.raises(click.BadParameter, match="2-5,8"):
        setup.cpus_of("two")


def test_where_an_address_is_missing_the_settings_of_all_are_printed(tmp_path: Path) -> None:
    vlan = KernelInterface("x.100", "06:00:00:00:00:01", 1500, True, True, (InterfaceAddress("10.1.9.3/24"),),
                           vlan=100, vlan_priority=5)  # fmt: skip
    addresses = (InterfaceAddress("10.1.2.3/24"), InterfaceAddress("10.1.2.4/24"))
    routes = (Route("0.0.0.0/0", "10.1.2.1"),)
    nic = KernelInterface("x", "06:00:00:00:00:01", 1500, True, True, addresses, routes, vlans=(vlan,))
    facts = read_facts(host := FakeKernel("bare-metal-ixgbe", tmp_path), host.network())
    facts = replace(facts, saved_nics=(SavedNic(BAR, "ixgbe", nic),))
    bound = [each for each in facts.nics if each.address in (BAR, SECOND)]
    assert list(missing_addresses(facts, bound)) == [
        "AERON_DPDK_LOCAL_IPV4_ADDRESS=10.1.2.3/24",
        "AERON_DPDK_GATEWAY_IPV4_ADDRESS=10.1.2.1",
        "AERON_DPDK_1_LOCAL_IPV4_ADDRESS=ADDRESS/PREFIX",
        "AERON_DPDK_2_PORT_ID=0",
        "AERON_DPDK_2_LOCAL_IPV4_ADDRESS=10.1.2.4/24",
        "AERON_DPDK_2_GATEWAY_IPV4_ADDRESS=10.1.2.1",
        "AERON_DPDK_3_PORT_ID=0",
        "AERON_DPDK_3_LOCAL_IPV4_ADDRESS=10.1.9.3/24",
        "AERON_DPDK_3_VLAN=100:5",
    ]
