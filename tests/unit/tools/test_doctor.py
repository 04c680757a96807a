"""What doctor prints and exits with."""

import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console
from tests.hosts.fake_kernel import FakeKernel
from tests.hosts.recorded import NAMES

from aeron_dpdk.machine.findings.finding import Finding, Severity
from aeron_dpdk.tools import doctor, setup
from aeron_dpdk.tools.main import main

PASS = Finding("cpus.clock", Severity.PASS, "tsc", "clocks are read often")
NOTE = Finding("cpus.affinity", Severity.NOTE, "not set", "threads spin", "set them")
FAIL = Finding("huge-pages.reserved", Severity.FAIL, "none", "DPDK needs them", "sudo x", fixable=True)
WARN = Finding("cpus.quota", Severity.WARN, "1.5 CPUs", "it stops threads", "remove it")


def shown(findings: list[Finding], *, verbose: bool = False) -> str:
    text = io.StringIO()
    doctor.show(findings, verbose, Console(file=text, highlight=False))
    return text.getvalue()


def test_when_all_is_well_one_line_says_so() -> None:
    assert shown([PASS, PASS]) == "No problems found: 2 findings, none of them blocking (-v shows all).\n"


def test_findings_are_grouped_and_what_is_wrong_is_explained() -> None:
    assert shown([FAIL, PASS, NOTE, WARN]) == (
        "Huge pages\n"
        "  FAIL huge-pages.reserved: none\n"
        "       DPDK needs them\n"
        "       -> sudo x\n"
        "CPUs\n"
        "  NOTE cpus.affinity: not set\n"
        "       -> set them\n"
        "  WARN cpus.quota: 1.5 CPUs\n"
        "       it stops threads\n"
        "       -> remove it\n"
        "1 failures, 1 warnings; `sudo aeron-dpdk setup` can fix 1.\n"
    )


def test_verbose_shows_what_is_well_too() -> None:
    assert "PASS cpus.clock: tsc\n       clocks are read often\n" in shown([PASS], verbose=True)


def test_a_terminal_gets_colour() -> None:
    text = io.StringIO()
    doctor.show([FAIL], False, Console(file=text, force_terminal=True, highlight=False))
    assert "\x1b[" in text.getvalue()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeKernel:
    fake = FakeKernel("one-gib-pages", tmp_path)
    monkeypatch.setattr(doctor, "this_host", lambda: fake)
    for name in ("AERON_DPDK_USER", "AERON_DPDK_GROUP", "AERON_DIR"):
        monkeypatch.delenv(name, raising=False)
    return fake


def test_json_has_the_worst_and_each_finding_with_its_fields(host: FakeKernel) -> None:
    result = CliRunner().invoke(main, ["doctor", "--json", "--user", "mike"])
    document = json.loads(result.output)
    assert (document["worst"], result.exit_code) == ("WARN", 20)
    assert {tuple(finding) for finding in document["findings"]} == {
        ("id", "status", "seen", "why", "remedy", "fixable")
    }


def test_the_exit_code_is_0_when_only_notes_remain(host: FakeKernel) -> None:
    host.path("/dev/hugepages/oldmap_0").unlink()
    result = CliRunner().invoke(main, ["doctor", "--user", "mike"])
    assert result.exit_code == 0 and "No problems found" in result.output


def test_the_exit_code_is_21_for_a_failure(host: FakeKernel) -> None:
    host.path("/proc/sys/net/core/rmem_max").write_text("4096\n")
    assert CliRunner().invoke(main, ["doctor"]).exit_code == 21


def test_settings_are_taken_from_the_environment_and_from_property_files(
    host: FakeKernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AERON_DPDK_USER", "nobody-here")
    result = CliRunner().invoke(main, ["doctor"])
    assert "there is no user nobody-here" in result.output
    properties = tmp_path / "low.properties"
    properties.write_text("aeron.dpdk.user=mike\naeron.rcv.initial.window.length=8m\n")
    result = CliRunner().invoke(main, ["doctor", str(properties)])
    assert "nobody-here" not in result.output
    assert "less than AERON_RCV_INITIAL_WINDOW_LENGTH of 8388608" in result.output


@pytest.mark.parametrize(("value", "is_on"), [("TRUE", True), ("Yes", True), ("off", False)])
def test_a_switch_is_read_as_the_driver_reads_it(
    value: str, is_on: bool, host: FakeKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERON_DPDK_THREADS_FROM_CGROUP", value)
    assert ("taken from the cgroup" in CliRunner().invoke(main, ["doctor", "-v"]).output) == is_on


def test_the_interfaces_that_are_set_are_compared_with_the_nics(
    host: FakeKernel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AERON_DPDK_LOCAL_IPV4_ADDRESS", "10.0.0.5/24")
    assert "interfaces are set" not in CliRunner().invoke(main, ["doctor"]).output
    properties = tmp_path / "feeds.properties"
    properties.write_text("".join(f"aeron.dpdk.{n}.local.ipv4.address=10.0.{n}.5/24\n" for n in (1, 2, 3)))
    assert "4 interfaces are set" in CliRunner().invoke(main, ["doctor", str(properties)]).output


def test_a_value_that_the_driver_would_refuse_is_refused(
    host: FakeKernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERON_DPDK_THREADS_FROM_CGROUP", "perhaps")
    result = CliRunner().invoke(main, ["doctor"])
    assert result.exit_code == 3 and "it must be true or false" in result.output


def test_doctor_changes_nothing(host: FakeKernel) -> None:
    CliRunner().invoke(main, ["doctor", "-v"])
    assert host.writes == []


@pytest.mark.parametrize("user", [None, "mike"])
@pytest.mark.parametrize("name", NAMES)
def test_setup_has_something_to_do_where_doctor_says_that_it_can_fix(
    name: str, user: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeKernel(name, tmp_path)
    for module in (doctor, setup):
        monkeypatch.setattr(module, "this_host", lambda: fake)
    monkeypatch.setenv("AERON_SOCKET_SO_SNDBUF", "64m")
    options = [] if user is None else ["--user", user]
    findings = json.loads(CliRunner().invoke(main, ["doctor", "--json", *options]).output)["findings"]
    for finding in [each for each in findings if each["fixable"]]:
        command = re.search(r"sudo (?:env (\w+)=(\d+) )?aeron-dpdk (setup(?: [\w.:-]+)*)", finding["remedy"])
        assert command is not None, finding
        if command[1]:
            monkeypatch.setenv(command[1], command[2])
        words = command[3].replace("NAME", "mike").split()
        planned = CliRunner().invoke(main, [*words, "--dry-run"])
        assert planned.exit_code == 0 and " -> " in planned.output, (finding, planned.output)
