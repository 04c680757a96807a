"""The installed package's service under systemd itself, which is process 1 of namespaces here, in Debian 13.

Run by `./dev packages --test`. The driver has DPDK's null device and no huge pages: these test the unit,
with its hardening, readiness, watchdog and restarts.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from release.package import read_package
from release.project import DIST
from release.root import Root

PACKAGE = read_package()
DEB = DIST / f"{PACKAGE.name}_{PACKAGE.release}_amd64.deb"
ROOT = Root("trixie", ("systemd", "dbus"))
UNIT = "aeronmd_dpdk@default"
SETTINGS = """AERON_DPDK_LOCAL_IPV4_ADDRESS=10.9.0.1/24
AERON_DPDK_USER=aeron
AERON_DPDK_GROUP=aeron
EAL_OPTIONS=--no-huge --no-pci --vdev=net_null0
"""
# What container runtimes give to a systemd inside: see https://systemd.io/CONTAINER_INTERFACE.
BOOT = """
mount --make-rprivate /
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount -t sysfs -o ro sysfs "$0/sys"
mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$0/dev"
for device in null zero full random urandom tty; do
    touch "$0/dev/$device"
    mount --bind "/dev/$device" "$0/dev/$device"
done
mkdir "$0/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$0/run"
exec chroot "$0" /usr/bin/env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""
NAMESPACES = ("--mount", "--pid", "--cgroup", "--uts", "--net", "--ipc")

pytestmark = pytest.mark.skipif(
    not DEB.exists() or os.geteuid() != 0, reason=f"needs root and dist/{DEB.name} (./dev packages --test)"
)


class Machine:
    def __init__(self, root: Path, systemd: int) -> None:
        self._root = root
        self._systemd = systemd

    def attempt(self, command: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", f"--target={self._systemd}", *NAMESPACES, "chroot", str(self._root)]
        return subprocess.run(
            [*enter, "/bin/sh", "-ec", command], capture_output=True, text=True, timeout=300, check=False
        )

    def run(self, command: str) -> str:
        done = self.attempt(command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def property(self, name: str) -> str:
        return self.run(f"systemctl show --value --property={name} {UNIT}")

    def log(self) -> str:
        return self.run(f"journalctl --no-pager --unit={UNIT}")

    def configure(self, settings: str) -> None:
        (self._root / "etc/aeron-dpdk/default.env").write_text(settings)


def until(is_so: Callable[[], bool], machine: Machine) -> None:
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline, machine.log()
        time.sleep(0.2)


def unified_hierarchy() -> Path:
    """Where this machine has version 2 of cgroups."""
    mounts = (line.split() for line in Path("/proc/mounts").read_text().splitlines())
    return next((Path(fields[1]) for fields in mounts if fields[2] == "cgroup2"), Path("/nowhere"))


def remove_group(group: Path) -> None:
    """Succeeds once the kernel has ended the processes in the group."""
    deadline = time.monotonic() + 60
    while group.exists() and time.monotonic() < deadline:
        subprocess.run(
            ["find", group, "-depth", "-type", "d", "-delete"], stderr=subprocess.DEVNULL, check=False
        )
        time.sleep(0.1)


@pytest.fixture(scope="module")
def booted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    root = tmp_path_factory.mktemp("systemd") / "root"
    ROOT.copy(root)
    shutil.copy(DEB, root / "root")
    if not unified_hierarchy().exists():
        pytest.skip("needs cgroups of version 2")
    group = Path(tempfile.mkdtemp(prefix="under-systemd-", dir=unified_hierarchy()))
    join = f"echo $$ > {group}/cgroup.procs && exec unshare --fork --kill-child \"$@\" sh -ec '{BOOT}' {root}"
    with subprocess.Popen(["sh", "-ec", join, "sh", *NAMESPACES]) as unshare:
        try:
            children = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
            deadline = time.monotonic() + 60
            while not (found := children.read_text().split()) or not (
                Path(f"/proc/{found[0]}/root/run/systemd/private").exists()
            ):
                assert time.monotonic() < deadline and unshare.poll() is None
                time.sleep(0.1)
            machine = Machine(root, int(found[0]))
            machine.run("systemctl is-system-running --wait || true")
            machine.run("dpkg --install /root/*.deb")
            yield machine
        finally:
            unshare.kill()
            unshare.wait()
            remove_group(group)


@pytest.fixture
def machine(booted: Machine) -> Iterator[Machine]:
    booted.configure(SETTINGS)
    yield booted
    booted.run(f"systemctl stop {UNIT}; systemctl reset-failed {UNIT} || true")


def test_start_returns_when_clients_can_connect_and_stop_ends_the_driver_in_order(machine: Machine) -> None:
    machine.run(f"systemctl start {UNIT}")
    assert machine.property("ActiveState") == "active"
    assert "aeronmd_dpdk is ready" in machine.log()
    assert machine.run("stat -c %U /dev/shm/aeron-default/cnc.dat") == "aeron"
    assert machine.run(f"stat -c %U /proc/{machine.property('MainPID')}") == "aeron"
    status = machine.run("AERON_DIR=/dev/shm/aeron-default aeron-dpdk status || true")
    assert "10.9.0.1" in status

    machine.run(f"systemctl stop {UNIT}")
    assert (machine.property("ActiveState"), machine.property("Result")) == ("inactive", "success")


def test_a_killed_driver_is_started_again(machine: Machine) -> None:
    machine.run(f"systemctl start {UNIT}")
    first = machine.property("MainPID")
    machine.run(f"kill -9 {first}")
    until(
        lambda: (
            machine.property("MainPID") not in ("0", first) and machine.property("ActiveState") == "active"
        ),
        machine,
    )
    assert machine.property("NRestarts") == "1"


def test_a_driver_whose_control_loop_hangs_is_killed_by_the_watchdog_and_started_again(
    machine: Machine,
) -> None:
    folder = f"/etc/systemd/system/{UNIT}.service.d"
    machine.run(f"mkdir -p {folder} && printf '[Service]\\nWatchdogSec=5\\n' > {folder}/watchdog.conf")
    machine.run(f"systemctl daemon-reload && systemctl start {UNIT}")
    time.sleep(12)
    first = machine.property("MainPID")
    assert machine.property("NRestarts") == "0"  # the watchdog was fed
    machine.run(f"kill -STOP {first}")
    until(
        lambda: (
            machine.property("MainPID") not in ("0", first) and machine.property("ActiveState") == "active"
        ),
        machine,
    )
    assert "Watchdog timeout" in machine.log()
    machine.run(f"rm -r {folder} && systemctl daemon-reload")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (SETTINGS.replace("10.9.0.1/24", "10.9.0.1/99"), "3"),
        (SETTINGS.replace("USER=aeron", "USER=nobody-of-that-name"), "4"),
    ],
    ids=["a setting", "an account"],
)
def test_a_failure_that_would_recur_causes_no_restart(machine: Machine, wrong: str, code: str) -> None:
    machine.configure(wrong)
    assert machine.attempt(f"systemctl start {UNIT}").returncode != 0
    time.sleep(5)  # RestartSec is 1
    assert machine.property("ActiveState") == "failed"
    assert (machine.property("ExecMainStatus"), machine.property("NRestarts")) == (code, "0")


def test_a_missing_port_is_waited_for(machine: Machine) -> None:
    machine.configure(SETTINGS.replace("--vdev=net_null0", ""))
    machine.attempt(f"systemctl start --no-block {UNIT}")
    until(lambda: int(machine.property("NRestarts")) >= 2, machine)

    machine.configure(SETTINGS)
    until(lambda: machine.property("ActiveState") == "active", machine)


def test_the_services_exposure_is_what_systemd_calls_medium_or_better(machine: Machine) -> None:
    verdict = machine.run(f"systemd-analyze --no-pager security {UNIT} | tail -1")
    assert (found := re.search(r"Overall exposure level .*: ([\d.]+)", verdict)), verdict
    assert float(found[1]) < 5.0
