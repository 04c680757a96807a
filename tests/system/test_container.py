"""The driver as a container runtime would run it: separate namespaces, a read-only root file system, an
ordinary user without capabilities. The settings and the probes are those of packaging/kubernetes."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bwrap (package bubblewrap) is missing")

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "packaging" / "kubernetes" / "aeronmd-dpdk.yaml"
TIMEOUT_S = 120
# net_null has no gateway that could answer ARP, and this machine need not have huge pages.
NOT_HERE = ("AERON_DPDK_GATEWAY_IPV4_ADDRESS", "AERON_DPDK_THREADS_FROM_CGROUP")
DRIVER = "aeronmd_dpdk --no-huge -m 256 --no-pci --vdev=net_null0"
SCRIPT = """
{driver} > /tmp/log 2>&1 & DRIVER=$!
for attempt in $(seq 60); do {startup} > /tmp/status 2>&1 && break; sleep 0.5; done
{readiness} > /tmp/status 2>&1; echo ready $?
{liveness} > /tmp/status 2>&1; echo alive $?
kill -STOP $DRIVER
{liveness} > /tmp/status 2>&1; echo hung $?
kill -CONT $DRIVER; kill $DRIVER; wait $DRIVER; echo stopped $?
{liveness} > /tmp/status 2>&1; echo gone $?
touch /etc/written 2>/dev/null; echo read-only $?
"""


def manifest() -> tuple[dict[str, str], dict[str, Any]]:
    """The settings, and the driver's container."""
    config, workload = yaml.safe_load_all(MANIFEST.read_text())
    return config["data"], workload["spec"]["template"]["spec"]["containers"][0]


def in_container(script: str, settings: dict[str, str]) -> str:
    isolation = ["--unshare-all", "--cap-drop", "ALL", "--uid", "10000", "--gid", "10000"]
    files = [
        "--ro-bind",
        "/",
        "/",
        "--dev",
        "/dev",
        "--proc",
        "/proc",
        "--tmpfs",
        "/dev/shm",
        "--tmpfs",
        "/tmp",
    ]
    files += ["--ro-bind", str(ROOT), str(ROOT)]  # it may be below /tmp
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    values = {name: value for name, value in settings.items() if name not in NOT_HERE}
    environment = [word for name, value in values.items() for word in ("--setenv", name, value)]
    command = ["bwrap", *isolation, *files, "--setenv", "PATH", path, *environment, "sh", "-c", script]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=TIMEOUT_S).stdout


def test_the_probes_of_the_manifest_tell_ready_hung_and_gone_apart() -> None:
    settings, driver = manifest()
    probes = {
        name: shlex.join(driver[f"{name}Probe"]["exec"]["command"])
        for name in ("startup", "readiness", "liveness")
    }
    said = in_container(SCRIPT.format(driver=DRIVER, **probes), settings)
    assert said.splitlines() == ["ready 0", "alive 0", "hung 1", "stopped 0", "gone 1", "read-only 1"]
