"""`./dev image`: a container image of the bundle as an OCI archive, made without a daemon.

The layout is that of the OCI image specification (https://github.com/opencontainers/image-spec), written
by umoci: one layer with Debian's C library and shell, and one with the bundle.
"""

import os
import platform
import shutil
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from release.bundle import build
from release.project import DIST, PROJECT, commit_time, settings
from release.root import CACHE, Root
from release.steps import logged, run_verb, say

BASE_ROOT = Root("trixie")
FOLDER = PROJECT / "build" / "image"
LEFT_OUT = ("README.md", "CHANGELOG.md", "docs", "systemd")
PLACE = "usr/lib/aeron-dpdk"
PROGRAMS = ("aeronmd_dpdk", "aeron-dpdk", "aeronmd")
USER = "10000:10000"  # aeron, in the base layer's accounts and in packaging/kubernetes


def build_image(base: Path, bundle: Path, folder: Path, archive: Path) -> None:
    """The archive; `folder`, emptied first, is for its parts. Raises ReleaseError."""
    made = commit_time()
    when = datetime.fromtimestamp(made, UTC).isoformat().replace("+00:00", "Z")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    layout = folder / "layout"
    image = f"{layout}:{reference()}"
    layers = {"base": base, "bundle": folder / "bundle"}
    stage(bundle, layers["bundle"])
    logged(["umoci", "init", "--layout", str(layout)], "image-init")
    logged(["umoci", "new", "--image", image], "image-new")
    for layer, tree in layers.items():
        set_times(tree, made)
        history = ["--history.created", when, "--history.created_by", f"./dev image: {layer}"]
        logged(["umoci", "insert", "--image", image, *history, str(tree), "/"], f"image-{layer}")
    logged(
        ["umoci", "config", "--image", image, "--created", when, "--no-history", *configuration()],
        "image-config",
    )
    logged(["umoci", "gc", "--layout", str(layout)], "image-gc")
    pack(layout, archive, made)


def reference() -> str:
    """The image's name for podman load and docker load."""
    return f"aeron-dpdk:{settings()['version']}"


def configuration() -> list[str]:
    """The image's defaults, as options of umoci."""
    labels = {
        "org.opencontainers.image.title": "aeron-dpdk",
        "org.opencontainers.image.version": str(settings()["version"]),
        "org.opencontainers.image.licenses": str(settings()["license"]),
    }
    options = ["--config.user", USER, "--config.cmd", "aeronmd_dpdk", "--config.stopsignal", "SIGTERM"]
    options += ["--config.env", "PATH=/usr/bin:/bin", "--config.env", "AERON_DIR=/dev/shm/aeron"]
    for name, value in labels.items():
        options += ["--config.label", f"{name}={value}"]
    return options


def stage(bundle: Path, top: Path) -> None:
    place = top / PLACE
    shutil.copytree(
        bundle, place, symlinks=True, ignore=lambda folder, names: LEFT_OUT if Path(folder) == bundle else ()
    )
    links = top / "usr/bin"
    links.mkdir()
    for program in PROGRAMS:
        (links / program).symlink_to(f"../lib/aeron-dpdk/{program}")


def set_times(tree: Path, made: int) -> None:
    """So that one commit always gives the same image."""
    for path in [tree, *tree.rglob("*")]:
        os.utime(path, (made, made), follow_symlinks=False)


def pack(layout: Path, archive: Path, made: int) -> None:
    """The layout as one file, which podman and skopeo accept as oci-archive, and Docker loads from version
    25 on."""
    part = archive.with_suffix(".part")
    archive.parent.mkdir(exist_ok=True)
    with tarfile.open(part, "w") as tar:
        for path in sorted(layout.rglob("*")):
            entry = tar.gettarinfo(path, str(path.relative_to(layout)))
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = "root"
            entry.mtime = made
            if path.is_file():
                with path.open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)
    part.rename(archive)


def make() -> list[Path]:
    tree, _ = build()
    say("the image")
    BASE_ROOT.make()
    out = CACHE / "image"
    BASE_ROOT.run(["bash", "/checkout/release/parts/base.sh"], "image-base", out)
    archive = DIST / f"aeron-dpdk-{settings()['version']}-oci-{platform.machine()}.tar"
    build_image(out / "base", tree, FOLDER, archive)
    return [archive]


if __name__ == "__main__":
    sys.exit(run_verb("image", make, ["tests/release/test_image.py"]))
