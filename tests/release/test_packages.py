"""What is in the .deb and in the .rpm, made from a small tree: `./dev packages --test` installs real ones."""

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from release.package import Package, read_package
from release.packages import build_packages
from release.project import PROJECT

PROGRAMS = ("aeronmd_dpdk", "aeron-dpdk", "aeronmd")


@pytest.fixture(scope="module")
def package() -> Package:
    return read_package("1.2.3")


@pytest.fixture(scope="module")
def made(package: Package, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("packages")
    bundle = folder / "bundle"
    for name in ("python/lib/module.py", "docs/install.md", "systemd/default.env", "licences/dpdk"):
        (bundle / name).parent.mkdir(parents=True, exist_ok=True)
        (bundle / name).write_text(f"{name}\n")
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "sbom.cdx.json"):
        (bundle / name).write_text(f"{name}\n")
    for name in PROGRAMS:
        (bundle / name).write_text("#!/bin/sh\n")
        (bundle / name).chmod(0o700)
    return build_packages(package, bundle, folder / "work", folder / "out")


@pytest.fixture(scope="module")
def deb(made: tuple[Path, Path]) -> dict[str, tarfile.TarInfo]:
    shown = subprocess.check_output(["dpkg-deb", "--fsys-tarfile", str(made[0])])
    with tarfile.open(fileobj=io.BytesIO(shown)) as tar:
        return {entry.name[1:]: entry for entry in tar.getmembers()}


def rpm(made: tuple[Path, Path], *query: str) -> list[str]:
    return subprocess.check_output(["rpm", "-qp", *query, str(made[1])], text=True).splitlines()


def control(made: tuple[Path, Path], name: str) -> str:
    return subprocess.check_output(["dpkg-deb", "--info", str(made[0]), name], text=True)


def test_a_package_is_named_after_its_version(made: tuple[Path, Path]) -> None:
    assert made[0].name.startswith("aeron-dpdk_1.2.3-1_")
    assert made[1].name.startswith("aeron-dpdk-1.2.3-1.")
    assert all(path.exists() for path in made)


def test_programs_are_links_to_the_tree_that_stays_together(deb: dict[str, tarfile.TarInfo]) -> None:
    for name in PROGRAMS:
        assert deb[f"/usr/bin/{name}"].linkname == f"../lib/aeron-dpdk/{name}"
        assert deb[f"/usr/lib/aeron-dpdk/{name}"].mode == 0o755
    assert "/usr/lib/aeron-dpdk/python/lib/module.py" in deb
    assert "/usr/lib/aeron-dpdk/licences/dpdk" in deb


def test_root_owns_every_file_and_everybody_may_read_it(deb: dict[str, tarfile.TarInfo]) -> None:
    assert {(entry.uid, entry.gid) for entry in deb.values()} == {(0, 0)}
    assert {entry.mode for entry in deb.values() if not entry.issym()} == {0o755, 0o644}


@pytest.mark.parametrize(
    "file",
    [
        "/usr/lib/systemd/system/aeronmd_dpdk@.service",
        "/usr/lib/sysusers.d/aeron-dpdk.conf",
        "/usr/lib/sysctl.d/50-aeron-dpdk.conf",
        "/usr/share/man/man8/aeronmd_dpdk.8.gz",
        "/usr/share/man/man1/aeron-dpdk-status.1.gz",
        "/usr/share/bash-completion/completions/aeron-dpdk",
        "/usr/share/fish/vendor_completions.d/aeron-dpdk.fish",
        "/usr/share/doc/aeron-dpdk/docs/install.md",
        "/usr/share/doc/aeron-dpdk/sbom.cdx.json",
    ],
)
def test_both_packages_have(file: str, deb: dict[str, tarfile.TarInfo], made: tuple[Path, Path]) -> None:
    assert file in deb
    assert file in rpm(made, "--list")


def test_zsh_has_another_folder_on_debian(deb: dict[str, tarfile.TarInfo], made: tuple[Path, Path]) -> None:
    assert "/usr/share/zsh/vendor-completions/_aeron-dpdk" in deb
    assert "/usr/share/zsh/site-functions/_aeron-dpdk" in rpm(made, "--list")


def test_rpm_lists_what_the_deb_holds(deb: dict[str, tarfile.TarInfo], made: tuple[Path, Path]) -> None:
    own = ("/usr/share/lintian/", "/usr/share/zsh/", "/usr/share/doc/aeron-dpdk/c")
    files = {name for name, entry in deb.items() if not entry.isdir() and not name.startswith(own)}
    assert files <= set(rpm(made, "--list"))


def test_an_administrators_settings_are_kept(made: tuple[Path, Path]) -> None:
    assert control(made, "conffiles") == "/etc/aeron-dpdk/default.env\n"
    assert rpm(made, "--configfiles") == ["/etc/aeron-dpdk/default.env"]
    assert rpm(made, "--queryformat", "[%{FILENAMES} %{FILEFLAGS:fflags}\n]").count(
        "/etc/aeron-dpdk/default.env cn"
    )


def test_it_depends_only_on_the_c_library_and_on_what_creates_the_user(made: tuple[Path, Path]) -> None:
    fields = control(made, "control")
    assert "\nDepends: libc6 (>= 2.31), systemd | " in fields
    needs = {each for each in rpm(made, "--requires") if not each.startswith("rpmlib(")}
    assert needs == {"/bin/sh", "/usr/bin/systemd-sysusers", "glibc >= 2.31"}


def test_sh_can_parse_every_script(made: tuple[Path, Path], tmp_path: Path) -> None:
    for name in ("postinst", "prerm", "postrm"):
        (tmp_path / name).write_text(control(made, name))
        subprocess.run(["sh", "-n", str(tmp_path / name)], check=True)
    (tmp_path / "rpm").write_text(
        "\n".join(line for line in rpm(made, "--scripts") if " scriptlet " not in line)
    )
    subprocess.run(["sh", "-n", str(tmp_path / "rpm")], check=True)


def test_an_upgrade_stops_no_driver(made: tuple[Path, Path]) -> None:
    stopping = "systemctl stop 'aeronmd_dpdk@*.service'"
    assert stopping in control(made, "prerm").partition("remove)")[2]
    script = "\n".join(rpm(made, "--scripts"))
    assert 'if [ "$1" -eq 0 ]; then' in script.partition(stopping)[0].partition("preuninstall")[2]


def test_one_commit_makes_one_package(package: Package, made: tuple[Path, Path], tmp_path: Path) -> None:
    bundle = made[0].parents[1] / "bundle"
    again = build_packages(package, bundle, tmp_path / "work", tmp_path / "out")
    assert again[0].read_bytes() == made[0].read_bytes()


def test_the_units_documentation_is_a_page_that_exists(deb: dict[str, tarfile.TarInfo]) -> None:
    unit = (PROJECT / "packaging/systemd/aeronmd_dpdk@.service").read_text()
    assert "Documentation=man:aeronmd_dpdk(8) " in unit
    assert "/usr/share/man/man8/aeronmd_dpdk.8.gz" in deb
