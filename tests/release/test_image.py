"""The container image, unpacked and run by bubblewrap and runc: as its own user, without capabilities,
read-only.

`./dev image --test` builds the image and then runs these. Without an image of this version they are skipped.
"""

import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from release.image import reference
from release.project import DIST, settings

VERSION = settings()["version"]
IMAGES = sorted(DIST.glob(f"aeron-dpdk-{VERSION}-oci-*.tar"))
NULL_DRIVER = "aeronmd_dpdk --no-huge -m 256 --no-pci --vdev=net_null0"
SCRIPT = f"""
export AERON_DPDK_LOCAL_IPV4_ADDRESS=10.9.0.1/24
{NULL_DRIVER} > /tmp/log 2>&1 & DRIVER=$!
until aeron-dpdk status --json > /tmp/status 2>&1; do
    kill -0 $DRIVER || {{ read -r line < /tmp/log; echo "$line"; exit; }}
done
echo ready
kill $DRIVER; wait $DRIVER; echo stopped $?
"""

pytestmark = pytest.mark.skipif(
    not IMAGES or os.geteuid() != 0, reason="needs root and an image in dist/ (./dev image --test)"
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A runtime bundle: config.json and rootfs/, as umoci makes it of any image."""
    folder = tmp_path_factory.mktemp("image")
    with tarfile.open(IMAGES[0]) as tar:
        tar.extractall(folder / "layout", filter="data")
    subprocess.run(
        ["umoci", "unpack", "--image", f"{folder}/layout:{reference()}", str(folder / "run")], check=True
    )
    for path in (folder, folder / "run", folder.parent):
        path.chmod(0o755)
    return folder / "run"


def contained(unpacked: Path, *command: str) -> subprocess.CompletedProcess[str]:
    process = json.loads((unpacked / "config.json").read_text())["process"]
    user = process["user"]
    run = ["bwrap", "--unshare-all", "--cap-drop", "ALL", "--clearenv"]
    run += ["--uid", str(user["uid"]), "--gid", str(user["gid"]), "--ro-bind", str(unpacked / "rootfs"), "/"]
    run += ["--dev", "/dev", "--proc", "/proc", "--ro-bind", "/sys", "/sys"]
    run += ["--tmpfs", "/dev/shm", "--tmpfs", "/tmp"]
    for variable in process["env"]:
        run += ["--setenv", *variable.split("=", 1)]
    return subprocess.run(
        [*run, *(command or process["args"])], capture_output=True, text=True, timeout=300, check=False
    )


def run_by_runc(unpacked: Path, bundle: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """By the runtime below Docker and containerd, with umoci's config.json and options as of `docker run`."""
    config = json.loads((unpacked / "config.json").read_text())
    config["root"] = {"path": str(unpacked / "rootfs"), "readonly": True}
    config["process"] |= {"terminal": False, "args": command, "capabilities": {}}
    folders = ("/dev/shm", "/tmp")
    others = [mount for mount in config["mounts"] if mount["destination"] not in folders]
    options = ["nosuid", "nodev", "mode=1777"]
    tmpfs = [
        {"destination": each, "type": "tmpfs", "source": "tmpfs", "options": options} for each in folders
    ]
    (bundle / "config.json").write_text(json.dumps({**config, "mounts": [*others, *tmpfs]}))
    run = ["runc", "--root", str(bundle / "state"), "run", "--bundle", str(bundle), f"adk-{os.getpid()}"]
    return subprocess.run(run, capture_output=True, text=True, timeout=300, check=False)


def test_without_a_command_the_driver_runs(unpacked: Path) -> None:
    run = contained(unpacked)
    assert run.returncode == 3
    assert "AERON_DPDK_LOCAL_IPV4_ADDRESS is not set" in run.stderr


def test_two_drivers_exchange_messages(unpacked: Path) -> None:
    run = contained(unpacked, "aeron-dpdk", "demo", "--rounds", "1")
    assert run.returncode == 0, run.stdout + run.stderr


def test_two_drivers_exchange_messages_under_a_container_runtime(unpacked: Path, tmp_path: Path) -> None:
    run = run_by_runc(unpacked, tmp_path, "aeron-dpdk", "demo", "--rounds", "1")
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_probes_reach_a_driver_in_the_same_container(unpacked: Path) -> None:
    run = contained(unpacked, "sh", "-c", SCRIPT)
    assert run.stdout.splitlines() == ["ready", "stopped 0"], run.stdout + run.stderr
