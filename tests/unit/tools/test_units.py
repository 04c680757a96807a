"""The systemd units: what systemd itself says of them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from aeron_dpdk.driver.setting_table import setting_names
from aeron_dpdk.machine.plan.boot import unit_text

UNITS = Path(__file__).resolve().parents[3] / "packaging" / "systemd"


# systemd-analyze's exposure times ten: below this it says OK. What remains is what opening a NIC takes.
MOST_EXPOSURE = 50

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze (package systemd) is missing"
)


def with_a_program_that_exists(unit: Path) -> str:
    return re.sub(r"/usr/bin/(aeronmd_dpdk|aeron-dpdk)\b", "/bin/true", unit.read_text())


@needs_systemd_analyze
def test_systemd_finds_the_driver_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "aeronmd_dpdk@default.service"
    unit.write_text(with_a_program_that_exists(UNITS / "aeronmd_dpdk@.service"))
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSURE}", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_systemd_analyze
@pytest.mark.parametrize("name", ["aeronmd_dpdk@default.service", "aeron-dpdk-setup.service"])
def test_systemd_finds_no_fault_with_the_units(name: str, tmp_path: Path) -> None:
    """systemd-analyze requires programs to exist, so another one replaces ours. It gets both units, since
    they name each other."""
    for unit in UNITS.glob("*.service"):
        (tmp_path / unit.name).write_text(with_a_program_that_exists(unit))
    command = ["systemd-analyze", "verify", "--man=no", str(tmp_path / name)]
    environment = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_packaged_unit_is_the_one_that_setup_writes() -> None:
    packaged = (UNITS / "aeron-dpdk-setup.service").read_text()
    assert packaged == unit_text("/usr/bin/aeron-dpdk", ("huge-pages", "--yes", "--now"))


def test_the_environment_file_names_only_settings_that_exist() -> None:
    text = (UNITS / "default.env").read_text()
    named = set(re.findall(r"^#?(AERON_DPDK_\w+)=", text, re.MULTILINE))
    assert named and named <= setting_names()
