"""The wheel in a virtual environment of each release's own Python, with dependencies from the package index.

It is `./dev bundle --test` that runs these.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from release.project import DIST, settings
from release.root import Root
from release.target import this_machine

TIMEOUT_S = 600.0

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Installed:
    def __init__(self, suite: str, wheel: Path, folder: Path) -> None:
        self.root = Root(suite, ("python3-venv",))
        self.root.make()
        self.folder = folder
        shutil.copy(wheel, folder)
        self.succeed("python3", "-m", "venv", "/out/venv")
        pip = ("env", *self.root.settings_of_pip(), "/out/venv/bin/pip", "install")
        self.succeed(*pip, f"/out/{wheel.name}[export]")

    def succeed(self, *command: str) -> str:
        run = subprocess.run(
            self.root.inside(command, self.folder),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def program(self, name: str, *arguments: str) -> str:
        return self.succeed(f"/out/venv/bin/{name}", *arguments)


@pytest.fixture(scope="module", params=["bookworm", "trixie", "sid"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    version, machine = settings()["version"], this_machine().machine
    wheels = list(DIST.glob(f"aeron_dpdk-{version}-*-manylinux_*_{machine}.whl"))
    if not wheels:
        pytest.skip("needs a wheel in dist/ (./dev bundle --test)")
    return Installed(request.param, wheels[0], tmp_path_factory.mktemp(request.param))


def test_both_programs_run_with_the_wheels_own_dpdk(installed: Installed) -> None:
    assert "DPDK" in installed.program("aeronmd_dpdk", "-v")
    assert "capture" in installed.program("aeron-dpdk", "--help")
    assert not list((installed.root.folder / "usr/lib").glob("*/librte_*"))


def test_what_one_command_needs_is_installed_by_its_extra_only(installed: Installed) -> None:
    listed = json.loads(installed.succeed("/out/venv/bin/pip", "list", "--format=json"))
    names = {entry["name"].lower().replace("_", "-") for entry in listed}
    assert "prometheus-client" in names
    assert "matplotlib" not in names


def test_two_drivers_exchange_messages(installed: Installed) -> None:
    installed.program("aeron-dpdk", "demo", "--rounds", "1", "--json", "/out/demo.json")
    assert (installed.folder / "demo.json").stat().st_size
