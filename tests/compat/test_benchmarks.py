"""aeron-io/benchmarks with its scripts unchanged, on two hosts with our driver on each: as its README says,
by hand, and by the script that reaches both hosts with ssh."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.compat.hosts import Host, host, reachable
from tests.compat.sources import Upstream
from tests.system.fixtures import topology
from tests.system.fixtures.driver import READY_LINE
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually

HERE = Path(__file__).parent / "benchmarks"
BENCHMARKS = Upstream(
    "benchmarks",
    "https://github.com/aeron-io/benchmarks.git",
    "6afb215a5648251b0db17d274a887d136a53fae9",
    "BENCHMARKS_SOURCE",
)
TOOLS = ("git", "java", "javac", "mvn", "numactl", "sudo", "taskset", "pgrep", "nsenter", "unshare")
BUILD_TIMEOUT_S = 600
RUN_TIMEOUT_S = 600.0
# Given by _JAVA_OPTIONS, these override the scripts' heap of 4 GiB that is touched at start. On a machine too
# busy for the rate, the benchmark takes longer instead of giving up messages.
PATIENCE = "-Dio.aeron.benchmarks.send.grace.millis=120000 -Dio.aeron.benchmarks.receive.deadline.seconds=120"
JVM = f"-Xms64m -Xmx256m -XX:-AlwaysPreTouch -XX:TieredStopAtLevel=1 {PATIENCE}"
MEMORY = "--no-huge --no-shconf -m 1024 --no-pci"
DRIVER = '#!/bin/sh\nexec "{ours}" {memory} --vdev={device} "$@"\n'
# Two cores carry both hosts: every thread must sleep when idle, which low-latency-driver.properties forbids.
PROPERTIES = """\
aeron.threading.mode=SHARED
aeron.shared.idle.strategy=backoff
io.aeron.benchmarks.idle.strategy=org.agrona.concurrent.BackoffIdleStrategy
io.aeron.benchmarks.aeron.idle.strategy=org.agrona.concurrent.BackoffIdleStrategy
io.aeron.benchmarks.aeron.connection.timeout=60s
"""
ITERATIONS, WARMUP_ITERATIONS = 5, 2


@pytest.fixture(scope="module")
def checkout() -> Path:
    """The sources, with the jars where the scripts look for them."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: openjdk-17-jdk-headless, maven)")
    place = BENCHMARKS.checkout()
    made = place / "benchmarks-all" / "build" / "libs" / "benchmarks-1.jar"
    if not made.exists() or made.stat().st_mtime < (HERE / "pom.xml").stat().st_mtime:
        command = ["mvn", "-q", "-B", f"-Dbenchmarks={place}", "package"]
        subprocess.run(command, cwd=HERE, check=True, timeout=BUILD_TIMEOUT_S)
    return place


@dataclass(frozen=True, slots=True)
class Side:
    """A host with the benchmarks unpacked, and with our driver."""

    host: Host
    folder: Path
    ours: Path

    def environment(self) -> dict[str, str]:
        """The environment that a login there gives."""
        java = Path(shutil.which("java") or "").resolve().parents[1]
        found = {"PATH": os.environ["PATH"], "HOME": "/root", "USER": "root"}
        return {**found, "JAVA_HOME": str(java), "_JAVA_OPTIONS": JVM}

    def start(self, *command: str, **settings: str) -> ChildProcess:
        return ChildProcess(self.host.command(*command), {**self.environment(), **settings})

    def script(self, name: str, *arguments: str, **settings: str) -> ChildProcess:
        there = 'cd "$0" && exec "$@"'
        return self.start("bash", "-c", there, str(self.folder / "scripts"), name, *arguments, **settings)

    def assert_unchanged(self) -> None:
        git = ("git", "-C", str(self.folder), "status", "--porcelain", "--untracked-files=no")
        assert subprocess.check_output(git, text=True) == ""


@pytest.fixture
def sides(checkout: Path, maker: Maker, tmp_path: Path) -> Iterator[tuple[Side, Side]]:
    """(client's, server's). The kernel has no address on the wire: only our drivers can use it."""
    if maker.is_ours_kernel:
        pytest.skip("about our own driver, and --our-driver=kernel was given")
    ours = maker.installation.aeronmd_dpdk
    with topology.straight("benchmarks", is_ours_kernel=False, is_peer_kernel=False) as wire:
        with host(wire.ours) as client, host(wire.peer) as server:
            made = (
                Side(client, unpacked(checkout, "client"), ours),
                Side(server, unpacked(checkout, "server"), ours),
            )
            for side in made:
                device = AF_PACKET.format(interface=side.host.end.interface)
                program = side.folder / "scripts" / "aeron" / "aeronmd_dpdk"
                program.write_text(DRIVER.format(ours=ours, memory=MEMORY, device=device))
                program.chmod(0o755)
            yield made
            for side in made:
                side.assert_unchanged()


def unpacked(checkout: Path, label: str) -> Path:
    """Each host has /tmp of its own, so this cannot be pytest's."""
    folder = checkout.with_name(f"{checkout.name}-{label}")
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(
        ("git", "-c", "advice.detachedHead=false", "clone", "-q", "--shared", str(checkout), str(folder)),
        check=True,
    )
    jars = Path("benchmarks-all", "build", "libs")
    shutil.copytree(checkout / jars, folder / jars)
    return folder


def channels(client: Side, server: Side) -> tuple[str, ...]:
    to_server = f"aeron:udp?endpoint={server.host.end.address}:13000"
    to_client = f"aeron:udp?endpoint={client.host.end.address}:13100"
    names = ("destination", "source")
    return tuple(
        f"-Dio.aeron.benchmarks.aeron.{name}.channel={channel}"
        for name, channel in zip(names, (to_server, to_client), strict=True)
    )


def assert_complete(said: str, results: Path, messages: int, length: int, carried: tuple[int, int]) -> None:
    """Every message came back over the wire, and a histogram of all round trips was written."""
    counts = [int(count.replace(",", "")) for count in re.findall(r"Total count\s*=\s*([\d,]+)", said)]
    assert counts == [messages], said
    assert "WARNING: Not all messages" not in said
    assert [path.stat().st_size > 0 for path in results.rglob("*.hdr")] == [True], list(results.rglob("*"))
    assert min(carried) > messages * length


def driver_counts(side: Side, counters: Path) -> dict[str, int]:
    listed = subprocess.check_output(side.host.command(str(counters), "/dev/shm/aeron"), text=True)
    return {each["label"]: each["value"] for each in json.loads(listed)["counters"]}


def start_driver(side: Side) -> ChildProcess:
    (side.folder / "scripts" / "aeron" / "benchmark.properties").write_text(PROPERTIES)
    driver = side.script("aeron/c-aeronmd-dpdk", AERON_DPDK_LOCAL_IPV4_ADDRESS=side.host.end.cidr)
    eventually(lambda: READY_LINE in driver.output or not driver.is_running, "our driver is ready", 60)
    assert driver.is_running, driver.output
    return driver


def test_echo_and_throughput_runs_by_hand_complete(sides: tuple[Side, Side], maker: Maker) -> None:
    client, server = sides
    drivers = [start_driver(side) for side in sides]
    options = " ".join(channels(client, server))
    counters = maker.installation.programs / "counters"
    for name, rate, burst, length in (("echo", 500, 1, 32), ("throughput", 10_000, 20, 1344)):
        results = client.folder / "results" / name
        before = driver_counts(client, counters)
        directory = "-Dio.aeron.benchmarks.output.directory="
        echo = server.script(
            "aeron/echo-server", JVM_OPTS=f"{options} {directory}{server.folder / 'results'}"
        )
        rig = client.script(
            "./benchmark-runner", "--output-file", name, "--iterations", str(ITERATIONS),
            "--warmup-iterations", str(WARMUP_ITERATIONS), "--warmup-message-rate", str(rate),
            "--message-rate", str(rate), "--burst-size", str(burst), "--message-length", str(length),
            "aeron/echo-client", JVM_OPTS=f"{options} {directory}{results}",
        )  # fmt: skip
        assert rig.wait(RUN_TIMEOUT_S) == 0, f"{rig.output}\n{echo.output}"
        assert echo.wait(RUN_TIMEOUT_S) == 0, echo.output
        after = driver_counts(client, counters)
        carried = [after[f"dpdk-{way}-bytes"] - before[f"dpdk-{way}-bytes"] for way in ("tx", "rx")]
        assert_complete(rig.output, results, rate * ITERATIONS, length, (carried[0], carried[1]))
        summary = client.script("./aggregate-results", str(results))
        assert summary.wait(RUN_TIMEOUT_S) == 0, summary.output
        print(rig.output, summary.output, sep="\n")
    for side, driver in zip(sides, drivers, strict=True):
        side.start("pkill", "-SIGTERM", "-x", "aeronmd_dpdk").wait(RUN_TIMEOUT_S)
        assert driver.wait(RUN_TIMEOUT_S) == 0, driver.output


def settings_of(label: str, side: Side, core: int) -> dict[str, str]:
    """The variables that remote-echo-benchmarks needs for one host."""
    worker = "LOAD_TEST_RIG_MAIN" if label == "CLIENT" else "ECHO"
    cores = ("DRIVER_CONDUCTOR", "DRIVER_SENDER", "DRIVER_RECEIVER", worker)
    everywhere = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    found = {
        "BENCHMARKS_PATH": str(side.folder),
        "JAVA_HOME": side.environment()["JAVA_HOME"],
        "CPU_NODE": "0",
        "NON_ISOLATED_CPU_CORES": everywhere,
        "AERON_DPDK_GATEWAY_IPV4_ADDRESS": "",
        "AERON_DPDK_LOCAL_IPV4_ADDRESS": side.host.end.cidr,
        **{f"{name}_CPU_CORE": str(core) for name in cores},
    }
    for name, value in (("USER", "root"), ("KEY_FILE", "/dev/null"), ("NODE", label.lower())):
        found[f"SSH_{label}_{name}"] = value
    return {name if name.startswith("SSH_") else f"{label}_{name}": value for name, value in found.items()}


def test_the_script_for_two_hosts_completes(sides: tuple[Side, Side], tmp_path: Path) -> None:
    client, server = sides
    cores = sorted(os.sched_getaffinity(0))
    settings = {**settings_of("CLIENT", client, cores[0]), **settings_of("SERVER", server, cores[-1])}
    for label in ("CLIENT", "SERVER"):
        for name, option in zip(("DESTINATION", "SOURCE"), channels(client, server), strict=True):
            settings[f"{label}_{name}_CHANNEL"] = option.partition("=")[2]
    rate, length = 200, 288
    settings |= {"MESSAGE_RATE": str(rate), "MESSAGE_LENGTH": str(length), "WARMUP_MESSAGE_RATE": str(rate)}
    settings |= {"RUNS": "1", "ITERATIONS": str(ITERATIONS), "WARMUP_ITERATIONS": str(WARMUP_ITERATIONS)}
    hosts = {"client": client.host, "server": server.host}
    settings["PATH"] = reachable(hosts, tmp_path / "ssh", client.environment())
    before = client.host.bytes_on_the_wire()
    script = client.folder / "scripts" / "aeron" / "remote-echo-benchmarks"
    drivers = ("--client-drivers", "c-dpdk", "--server-drivers", "c-dpdk")
    run = ChildProcess(
        (str(script), *drivers, "--context", "compat", "--download-dir", str(tmp_path / "results")), settings
    )
    assert run.wait(RUN_TIMEOUT_S) == 0, run.output
    print(run.output)
    after = client.host.bytes_on_the_wire()
    carried = (after[0] - before[0], after[1] - before[1])
    assert_complete(run.output, client.folder / "scripts" / "results", rate * ITERATIONS, length, carried)
    assert len(list((tmp_path / "results").glob("*.tar.gz"))) == 2
