"""The container image's layout, made from two small trees: `./dev image --test` runs a real one."""

import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from release.image import build_image, reference
from release.project import settings

VERSION = settings()["version"]
Manifest = dict[str, Any]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("trees")
    base, bundle = folder / "base", folder / "bundle"
    for file in (base / "etc/passwd", bundle / "docs/install.md", bundle / "python/lib/module.py"):
        file.parent.mkdir(parents=True)
        file.write_text(f"{file.name}\n")
    (base / "usr/bin").mkdir(parents=True)
    (bundle / "aeronmd_dpdk").write_text("#!/bin/sh\n")
    (bundle / "aeronmd_dpdk").chmod(0o755)
    return base, bundle


@pytest.fixture(scope="module")
def layout(trees: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpacked from the archive."""
    folder = tmp_path_factory.mktemp("image")
    build_image(*trees, folder / "work", folder / "image.tar")
    with tarfile.open(folder / "image.tar") as tar:
        tar.extractall(folder / "layout", filter="data")
    return folder / "layout"


def blob(layout: Path, digest: str) -> bytes:
    """Checked against its name."""
    content = (layout / "blobs" / digest.replace(":", "/")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == digest
    return content


@pytest.fixture(scope="module")
def manifest(layout: Path) -> Manifest:
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    assert entry["annotations"]["org.opencontainers.image.ref.name"] == f"aeron-dpdk:{VERSION}"
    found: Manifest = json.loads(blob(layout, entry["digest"]))
    return found


def test_the_driver_runs_as_an_ordinary_user_without_a_command(layout: Path, manifest: Manifest) -> None:
    config = json.loads(blob(layout, manifest["config"]["digest"]))
    assert config["config"]["User"] == "10000:10000"
    assert config["config"]["Cmd"] == ["aeronmd_dpdk"]
    assert "AERON_DIR=/dev/shm/aeron" in config["config"]["Env"]
    assert config["config"]["Labels"]["org.opencontainers.image.version"] == VERSION
    assert (config["os"], config["architecture"]) == ("linux", "amd64")


def test_the_c_library_and_the_bundle_are_a_layer_each(layout: Path, manifest: Manifest) -> None:
    assert len(manifest["layers"]) == 2
    assert all(blob(layout, layer["digest"]) for layer in manifest["layers"])


def test_no_blob_is_left_over(layout: Path, manifest: Manifest) -> None:
    (entry,) = json.loads((layout / "index.json").read_text())["manifests"]
    used = {each["digest"] for each in (entry, manifest["config"], *manifest["layers"])}
    assert {f"sha256:{path.name}" for path in (layout / "blobs/sha256").iterdir()} == used


def test_the_unpacked_image_is_the_base_with_the_bundles_programs_on_the_path(
    layout: Path, tmp_path: Path
) -> None:
    subprocess.run(
        ["umoci", "unpack", "--rootless", "--image", f"{layout}:{reference()}", str(tmp_path / "run")],
        check=True,
    )
    root = tmp_path / "run" / "rootfs"
    assert (root / "etc/passwd").read_text() == "passwd\n"
    assert (root / "usr/bin/aeronmd_dpdk").read_text() == "#!/bin/sh\n"
    assert (root / "usr/lib/aeron-dpdk/python/lib/module.py").exists()
    assert not (root / "usr/lib/aeron-dpdk/docs").exists()


def test_one_commit_makes_one_image(trees: tuple[Path, Path], layout: Path, tmp_path: Path) -> None:
    build_image(*trees, tmp_path / "work", tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == (layout.parent / "image.tar").read_bytes()
