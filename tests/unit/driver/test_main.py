"""The command itself, as far as it goes without a port: what it prints where, and what it exits with."""

import os
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import aeron_dpdk
from aeron_dpdk.driver.command_line import split_command_line
from aeron_dpdk.driver.main import StopFlag, read_settings
from aeron_dpdk.driver.setting_table import SETTING_TABLE
from aeron_dpdk.exit_code import DRIVER_CODES, ExitCode

NATIVE = list(Path(aeron_dpdk.__file__).parent.glob("_native*.so"))
needs_native = pytest.mark.skipif(not NATIVE, reason="the native half is not built: run ./dev build")


def aeronmd_dpdk(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
    return subprocess.run(
        [sys.executable, "-m", "aeron_dpdk.driver.main", *arguments],
        env=inherited | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_help_lists_every_setting_with_its_default_and_every_exit_code() -> None:
    done = aeronmd_dpdk("-h")
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    for setting in SETTING_TABLE:
        assert f"{setting.name} {setting.help} (default: {setting.default})" in words
    for code in DRIVER_CODES:
        assert f"{code.value} {code.name.lower().replace('_', ' ')}" in words


@needs_native
def test_version_names_ours_aerons_and_dpdks_and_the_state_of_the_sources() -> None:
    done = aeronmd_dpdk("-v")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"aeronmd_dpdk {version('aeron-dpdk')} git ")
    assert "; Aeron 1." in done.stdout and "DPDK " in done.stdout


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["--no-such-option"], {}, ExitCode.USAGE, "--no-such-option"),
        ([], {"AERON_DPDK_PROT_ID": "1"}, ExitCode.SETTINGS, "did you mean AERON_DPDK_PORT_ID?"),
        (["/no/such/file"], {}, ExitCode.SETTINGS, "/no/such/file: No such file"),
        (["-Daeron.dpdk.port.id=x"], {}, ExitCode.SETTINGS, 'AERON_DPDK_PORT_ID is "x" (-D)'),
        (["-Daeron.dpdk.user=no-such-user"], {}, ExitCode.PRIVILEGES, "no-such-user"),
        (["-Daeron.rcv.initial.window.length=1g"], {}, ExitCode.SOCKET_BUFFERS, "net.core.rmem_max"),
    ],
)
@needs_native
def test_an_error_is_one_line_on_standard_error_and_an_exit_code_of_its_own(
    arguments: list[str], environment: dict[str, str], code: ExitCode, said: str
) -> None:
    good = {"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.0.0.5", "AERON_THREADING_MODE": "SHARED"}
    done = aeronmd_dpdk("--no-huge", *arguments, **good, **environment)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1


def test_files_win_over_definitions_and_later_files_over_earlier_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERON_DPDK_LOCAL_IPV4_ADDRESS", "10.0.0.5")
    low, bench = tmp_path / "low.properties", tmp_path / "bench.properties"
    low.write_text("aeron.dpdk.mtu=1500\naeron.dpdk.port.id=1\n")
    bench.write_text("aeron.dpdk.mtu=9000\n")
    command_line = split_command_line(
        ["-l", "0", "--", "-Daeron.dpdk.mtu=1000", "-Daeron.dpdk.rx.queue.size=64", str(low), str(bench)]
    )
    settings = read_settings(command_line)
    first = settings.interfaces[0]
    assert (first.mtu, first.port_id, first.rx_queue_size) == (9000, 1, 64)
    assert settings.eal_arguments == ("-l0",)


def test_the_nic_that_kubernetes_gave_to_the_container_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AERON_DPDK_LOCAL_IPV4_ADDRESS", "10.0.0.5")
    monkeypatch.setenv("PCIDEVICE_INTEL_COM_AERON_VF", "0000:81:02.1")
    assert read_settings(split_command_line([])).eal_arguments == ("-a0000:81:02.1",)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_only_sets_the_flag(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = StopFlag()
        stop.install()
        assert not stop()
        signal.raise_signal(number)
        assert stop()
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
