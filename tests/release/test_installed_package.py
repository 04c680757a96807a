"""The packages in bare roots of Debian: install, upgrade, remove, purge, and two drivers in between.

`./dev packages --test` builds the packages and then runs these. Without packages of this version they are
skipped."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from release.bundle import STAGE
from release.package import read_package
from release.packages import build_packages
from release.project import DIST, name
from release.root import Root, inside

PACKAGE = read_package()
DEBS = sorted(DIST.glob(f"{PACKAGE.name}_{PACKAGE.release}_*.deb"))
OLD = "0.0.9"  # sorts before every version of ours
SETTINGS = "etc/aeron-dpdk/default.env"

pytestmark = pytest.mark.skipif(
    not DEBS or os.geteuid() != 0, reason="needs root and packages in dist/ (./dev packages --test)"
)


class Machine:
    """A root of its own; /out in it is the folder with the packages."""

    def __init__(self, folder: Path, packages: Path) -> None:
        self.folder = folder
        self.packages = packages

    def run(self, command: str) -> str:
        entered = inside(self.folder, ["sh", "-ec", command], self.packages)
        done = subprocess.run(entered, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def has(self, path: str) -> bool:
        return os.path.lexists(self.folder / path)


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those in dist/, and packages with an older version made from the same tree."""
    out = tmp_path_factory.mktemp("packages")
    for made in DIST.glob(f"{PACKAGE.name}[-_]{PACKAGE.release}[._]*"):
        shutil.copy(made, out)
    build_packages(read_package(OLD), STAGE / name(), out / "work", out)
    return out


@pytest.fixture(params=["bullseye", "bookworm", "trixie", "sid"])
def machine(request: pytest.FixtureRequest, packages: Path, tmp_path: Path) -> Machine:
    root = tmp_path / "root"
    Root(request.param).copy(root)
    return Machine(root, packages)


def the_programs_run(machine: Machine) -> None:
    assert "DPDK" in machine.run("aeronmd_dpdk -v")
    assert machine.run("aeron-dpdk demo --rounds 1 --json /out/demo.json && cat /out/demo.json")
    assert machine.has("usr/share/man/man8/aeronmd_dpdk.8.gz")


def test_a_deb_is_installed_upgraded_removed_and_purged(machine: Machine) -> None:
    machine.run(f"apt-get update && apt-get install -y --no-install-recommends /out/*_{OLD}-*.deb")
    assert machine.run("dpkg-query -W -f '${Version}' aeron-dpdk").startswith(OLD)
    assert "/nonexistent" in machine.run("getent passwd aeron")
    machine.run(f"echo AERON_DPDK_LOCAL_IPV4_ADDRESS=10.1.2.3/24 >> /{SETTINGS}")

    machine.run(f"apt-get install -y /out/*_{PACKAGE.release}_*.deb")
    assert machine.run("dpkg-query -W -f '${Version}' aeron-dpdk") == PACKAGE.release
    assert "10.1.2.3/24" in (machine.folder / SETTINGS).read_text()
    the_programs_run(machine)

    machine.run("apt-get remove -y aeron-dpdk")
    assert not machine.has("usr/bin/aeronmd_dpdk")
    assert not machine.has("usr/lib/aeron-dpdk")
    assert machine.has(SETTINGS)

    machine.run("apt-get purge -y aeron-dpdk")
    assert not machine.has("etc/aeron-dpdk")
    assert machine.run("dpkg -l aeron-dpdk 2>/dev/null || true").strip() == ""


def test_other_shells_complete_an_installed_command(packages: Path, tmp_path: Path) -> None:
    Root("trixie").copy(tmp_path / "root")
    machine = Machine(tmp_path / "root", packages)
    machine.run(
        f"apt-get update && apt-get install -y zsh fish bash-completion /out/*_{PACKAGE.release}_*.deb"
    )
    assert machine.run("fish -c 'complete -C \"aeron-dpdk st\"'").startswith("status\t")
    completed = machine.run("zsh -c 'autoload -U compinit && compinit -D && echo $_comps[aeron-dpdk]'")
    assert completed == "_aeron-dpdk\n"


def test_an_rpm_is_installed_upgraded_and_removed(packages: Path, tmp_path: Path) -> None:
    """In a root of Debian with Debian's rpm. Its database has no glibc, hence --nodeps."""
    Root("trixie").copy(tmp_path / "root")
    machine = Machine(tmp_path / "root", packages)
    machine.run(
        "apt-get update && apt-get install -y --no-install-recommends rpm systemd-standalone-sysusers"
    )
    machine.run(f"rpm --initdb && rpm --install --nodeps /out/*-{OLD}-*.rpm")
    machine.run(f"echo AERON_DPDK_LOCAL_IPV4_ADDRESS=10.1.2.3/24 >> /{SETTINGS}")

    machine.run(f"rpm --upgrade --nodeps /out/*-{PACKAGE.release}.*.rpm")
    assert machine.run("rpm --query aeron-dpdk").startswith(f"aeron-dpdk-{PACKAGE.release}")
    assert "10.1.2.3/24" in (machine.folder / SETTINGS).read_text()
    assert "/nonexistent" in machine.run("getent passwd aeron")
    assert machine.run("rpm --verify --nodeps aeron-dpdk || true").split() == [
        "S.5....T.",
        "c",
        f"/{SETTINGS}",
    ]
    the_programs_run(machine)

    machine.run("rpm --erase aeron-dpdk")
    assert not machine.has("usr/bin/aeronmd_dpdk")
    assert not machine.has("usr/lib/aeron-dpdk")
    assert (machine.folder / f"{SETTINGS}.rpmsave").read_text().count("10.1.2.3/24") == 1
