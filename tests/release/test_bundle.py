"""The bundle in bare roots: nothing but Debian's base system, no Python, no DPDK, no compiler.

It is `./dev bundle --test` that runs these, after it has built the archive: minutes, and the roots come from
a Debian mirror. Without an archive of this version they are left out. Another machine's archive is tried
under user mode emulation.
"""

import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from release.project import DIST, name
from release.root import Root
from release.target import TARGETS, Target

# The C library and its loader are the host's; libgcc_s would be, if anything needed it.
OF_THE_C_LIBRARY = (
    "ld-",
    "libc.",
    "libc-",
    "libm.",
    "libm-",
    "libpthread",
    "libdl",
    "librt",
    "libutil",
    "libnss_",
    "libresolv",
)
NULL_PORT = ("--no-huge", "--no-pci", "--vdev=net_null0")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def tried_in() -> list[str]:
    return [
        f"{machine}-{suite}" for machine in TARGETS for suite in ("bullseye", "bookworm", "trixie", "sid")
    ]


class Unpacked:
    """The bundle below a folder of its own, in one root."""

    def __init__(self, target: Target, root: Root, folder: Path) -> None:
        self.target = target
        self.root = root
        self.folder = folder
        self.name = name(target.machine)
        self.top = f"/out/{self.name}"

    def command(self, *command: str) -> list[str]:
        return self.root.inside(command, self.folder)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command), capture_output=True, text=True, timeout=300, check=False
        )


@pytest.fixture(scope="module", params=tried_in())
def unpacked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    machine, suite = request.param.split("-")
    target = TARGETS[machine]
    archive = DIST / f"{name(machine)}.tar.gz"
    if not archive.exists():
        pytest.skip(f"needs dist/{archive.name} (./dev bundle --test)")
    target.prepare()
    root = target.bare_root(suite)
    root.make()
    folder = tmp_path_factory.mktemp(request.param)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="fully_trusted")
    folder.chmod(0o755)
    return Unpacked(target, root, folder)


def test_the_root_has_no_python_of_its_own(unpacked: Unpacked) -> None:
    assert not list((unpacked.root.folder / "usr/bin").glob("python3*"))


@pytest.mark.parametrize(
    ("program", "option"),
    [
        ("aeronmd_dpdk", "-h"),
        ("aeron-dpdk", "-h"),
        ("aeronmd", "-v"),
        ("scripts/dpdk-devbind.py", "--help"),
    ],
)
def test_a_program_runs_by_its_path_through_a_link_and_from_elsewhere(
    unpacked: Unpacked, program: str, option: str
) -> None:
    direct = f"{unpacked.top}/{program}"
    link = f"ln -sf {direct} /out/linked && /out/linked {option}"
    for command in (f"{direct} {option}", f"cd {unpacked.top} && ./{program} {option}", link):
        run = unpacked.run("sh", "-c", command)
        assert run.returncode == 0, run.stderr
        assert run.stdout


def test_the_environment_does_not_say_what_python_loads(unpacked: Unpacked) -> None:
    poisoned = ("PYTHONHOME=/nowhere", "PYTHONPATH=/nowhere", "LC_ALL=C")
    run = unpacked.run("env", *poisoned, f"{unpacked.top}/aeronmd_dpdk", "-v")
    assert run.returncode == 0, run.stderr
    assert "DPDK" in run.stdout


def test_every_library_finds_what_it_needs_in_the_bundle_or_in_the_c_library(unpacked: Unpacked) -> None:
    every = f"find {unpacked.top} -name '*.so*' -type f -exec ldd {{}} +"
    run = unpacked.run("sh", "-c", every)
    assert "not found" not in run.stdout
    found = {line.split()[2] for line in run.stdout.splitlines() if " => " in line}
    foreign = {Path(file).name for file in found if not file.startswith(unpacked.top)}
    assert {file for file in foreign if not file.startswith(OF_THE_C_LIBRARY)} == set()


def test_two_drivers_exchange_messages(unpacked: Unpacked) -> None:
    run = unpacked.run(f"{unpacked.top}/aeron-dpdk", "demo", "--rounds", "1", "--json", "/out/demo.json")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (unpacked.folder / "demo.json").stat().st_size


@pytest.fixture
def driver(unpacked: Unpacked) -> Iterator["subprocess.Popen[str]"]:
    settings = ["AERON_DPDK_LOCAL_IPV4_ADDRESS=10.9.0.1/24", f"AERON_DIR=/out/aeron-{os.getpid()}"]
    settings.append("AERON_DIR_DELETE_ON_SHUTDOWN=true")
    command = unpacked.command("env", *settings, f"{unpacked.top}/aeronmd_dpdk", *NULL_PORT)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    shutil.rmtree(unpacked.folder / f"aeron-{os.getpid()}", ignore_errors=True)


def wait_until_ready(driver: "subprocess.Popen[str]") -> float:
    start = time.monotonic()
    lines = []
    assert driver.stdout is not None
    for line in driver.stdout:
        lines.append(line)
        if "is ready" in line:
            return time.monotonic() - start
    pytest.fail("".join(lines))


def children(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_driver_is_called_what_the_scripts_look_for_and_loads_nothing_of_the_host_but_its_c_library(
    unpacked: Unpacked, driver: "subprocess.Popen[str]"
) -> None:
    seconds = wait_until_ready(driver)
    print(f"ready after {seconds:.2f} s in {unpacked.root.suite}")
    (pid,) = children(driver.pid)
    assert Path(f"/proc/{pid}/comm").read_text() == "aeronmd_dpdk\n"
    mapped = {
        line.split()[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line
    }
    foreign = {Path(file).name for file in mapped if unpacked.name not in file}
    assert {file for file in foreign if not file.startswith(OF_THE_C_LIBRARY)} == set()
    os.kill(pid, signal.SIGTERM)
    assert driver.wait(timeout=60) == 0
