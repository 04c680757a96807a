"""The bundle in bare roots: nothing but Debian's base system, no Python, no DPDK, no compiler.

`./dev bundle --test` builds the archive and then runs these, which takes minutes and a Debian mirror for the
roots. Without an archive of this version they are skipped. An archive for another machine is tried under
user mode emulation, which is slow, and therefore only in the oldest release."""

import json
import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from release.project import DIST, name
from release.root import Root
from release.target import TARGETS, Target

# Libraries that the bundle takes from the host; libgcc_s only if something needs it.
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
TIMEOUT_S = 300.0
READY = "is ready"
HELD = "  export AERON_DIR="
NULL_PORT = ("--no-huge", "--no-pci", "--vdev=net_null0")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def tried_in() -> list[str]:
    suites = ("bullseye", "bookworm", "trixie", "sid")
    return [
        f"{machine}-{suite}"
        for machine, target in TARGETS.items()
        for suite in (suites[:1] if target.is_emulated else suites)
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
            self.command(*command), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )

    def tool(self, aeron_dir: str, *command: str) -> subprocess.CompletedProcess[str]:
        """`aeron-dpdk COMMAND` beside the driver of this Aeron directory."""
        return self.run("env", f"AERON_DIR={aeron_dir}", f"{self.top}/aeron-dpdk", *command)


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


def test_the_environment_does_not_affect_what_python_loads(unpacked: Unpacked) -> None:
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


def test_the_demo_measures_two_drivers(unpacked: Unpacked) -> None:
    if unpacked.target.is_emulated:
        pytest.skip("the demo measures: threads that never sleep, on two CPUs, with limits of 10 and 20 s")
    run = unpacked.run(f"{unpacked.top}/aeron-dpdk", "demo", "--rounds", "1", "--json", "/out/demo.json")
    assert run.returncode == 0, run.stdout + run.stderr
    assert (unpacked.folder / "demo.json").stat().st_size


def test_two_drivers_exchange_messages_and_status_finds_both_healthy(unpacked: Unpacked) -> None:
    command = unpacked.command(f"{unpacked.top}/aeron-dpdk", "demo", "--hold")
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        directory = Path(line_with(HELD, demo).removeprefix(HELD)).parent
        for role in ("server", "client"):
            until(partial(is_healthy, unpacked, f"{directory}/{role}"))
            until(
                partial(has_sent_more, unpacked, f"{directory}/{role}", sent(unpacked, f"{directory}/{role}"))
            )
        os.kill(children(demo.pid)[0], signal.SIGINT)
        assert demo.wait(timeout=TIMEOUT_S) == 130
        assert not directory.exists()
    finally:
        demo.kill()
        demo.communicate()


def is_healthy(unpacked: Unpacked, aeron_dir: str) -> bool:
    return unpacked.tool(aeron_dir, "status").returncode == 0


def sent(unpacked: Unpacked, aeron_dir: str) -> int:
    """The position of its only publication."""
    lines = unpacked.tool(aeron_dir, "counters", "snd-pos").stdout.splitlines()
    return int(lines[1].split()[1].replace(",", "")) if len(lines) > 1 else 0


def has_sent_more(unpacked: Unpacked, aeron_dir: str, before: int) -> bool:
    return sent(unpacked, aeron_dir) > before


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(1)


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


def line_with(words: str, process: "subprocess.Popen[str]") -> str:
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return line.rstrip("\n")
    pytest.fail("".join(lines))


def test_status_and_doctor_answer_beside_a_driver(
    unpacked: Unpacked, driver: "subprocess.Popen[str]"
) -> None:
    line_with(READY, driver)
    aeron_dir = f"/out/aeron-{os.getpid()}"
    seen = json.loads(unpacked.tool(aeron_dir, "status", "--json").stdout)
    assert seen["driver"]["interfaces"][0]["port"]["driver"] == "net_null"
    examined = unpacked.tool(aeron_dir, "doctor", "--json")
    assert examined.returncode in {0, 20, 21}, examined.stderr
    assert json.loads(examined.stdout)["findings"]
    captured = unpacked.tool(
        aeron_dir, "capture", "--seconds", "0.5", "-w", "/out/none.pcapng", "udp", "port", "9"
    )
    assert captured.returncode == 0, captured.stderr  # its filter is compiled by the bundle's libpcap


def children(pid: int) -> Sequence[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_driver_has_the_name_that_scripts_look_for_and_loads_only_the_hosts_c_library(
    unpacked: Unpacked, driver: "subprocess.Popen[str]"
) -> None:
    start = time.monotonic()
    line_with(READY, driver)
    print(f"ready after {time.monotonic() - start:.2f} s in {unpacked.root.suite}")
    (pid,) = children(driver.pid)
    assert Path(f"/proc/{pid}/comm").read_text() == "aeronmd_dpdk\n"
    mapped = {
        line.split()[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if ".so" in line
    }
    foreign = {Path(file).name for file in mapped if unpacked.name not in file}
    assert {file for file in foreign if not file.startswith(OF_THE_C_LIBRARY)} == set()
    os.kill(pid, signal.SIGTERM)
    assert driver.wait(timeout=60) == 0
