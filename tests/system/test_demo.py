"""`./dev demo` as a user runs it, but with fewer rounds. Its figures are not judged: the machine may be
busy."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.system.fixtures.tool import PROGRAM

from aeron_dpdk.tools.measure.alone import measuring_alone

TIMEOUT_S = 120
SHARED_MEMORY = Path("/dev/shm")
HUGE_PAGES = Path("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages")


def demo(*arguments: str) -> "subprocess.Popen[str]":
    """pytest shows its standard error."""
    command = [str(PROGRAM), "demo", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def load_processes() -> dict[int, list[str]]:
    """The command line of every load process on the machine, by process id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().decode().split("\0")[:-1]
            if "aeron_dpdk.tools.measure.load_process" in arguments:
                found[int(process.name)] = arguments
    return found


def children(parent: int) -> set[int]:
    with suppress(OSError):
        return {int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()}
    return set()


def await_load(process: "subprocess.Popen[str]") -> dict[int, list[str]]:
    """The demo's two load processes, once both exist."""
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        assert process.poll() is None, "the demo ended"
        assert time.monotonic() < deadline
        ours = {pid: line for pid, line in load_processes().items() if pid in children(process.pid)}
        if len(ours) == 2:
            return ours
        time.sleep(0.05)


def huge_pages() -> int:
    return int(HUGE_PAGES.read_text()) if HUGE_PAGES.exists() else 0


def traces() -> dict[str, Any]:
    """What a demo may change on a machine, recorded while none runs."""
    with measuring_alone(lambda: None):
        return {
            "processes": set(load_processes()),
            "files": {path.name for path in SHARED_MEMORY.glob("aeron-dpdk-measure-*")},
            "runtime": {path.name for path in Path("/var/run/dpdk").glob("measure-*")},
            "huge pages": huge_pages(),
            "mounts": [
                line for line in Path("/proc/self/mounts").read_text().splitlines() if "hugetlbfs" in line
            ],
        }


@pytest.fixture
def nothing_is_left() -> Iterator[None]:
    before = traces()
    yield
    assert traces() == before


def test_the_demo_measures_both_paths_and_leaves_nothing(tmp_path: Path, nothing_is_left: None) -> None:
    file = tmp_path / "demo.json"
    process = demo("--rounds", "1", "--json", str(file))
    output, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, output
    content = json.loads(file.read_text())
    for path in ("dpdk", "kernel"):
        figures = content["paths"][path]
        rtt_ns = figures["rtt_ns"]
        assert 0 < rtt_ns["p50"] <= rtt_ns["p99"] <= rtt_ns["p99.9"] <= rtt_ns["max"]
        assert figures["messages_per_second"] > 0
        assert figures["bytes_per_second"] == pytest.approx(
            figures["messages_per_second"] * content["message_length"]
        )
    assert content["message_length"] == 32
    assert all(content[name] for name in ("aeron_version", "dpdk_version", "git"))
    for shown in ("p99.9", "DPDK (memif)", "kernel UDP", "better by"):
        assert shown in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing(number: signal.Signals, nothing_is_left: None) -> None:
    process = demo("--rounds", "50")
    await_load(process)
    process.send_signal(number)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130


def test_the_load_dies_with_a_demo_that_is_killed_and_the_next_demo_works(
    tmp_path: Path, nothing_is_left: None
) -> None:
    pages = huge_pages()
    process = demo("--rounds", "50")
    load = await_load(process)
    reserved = huge_pages() - pages
    directory = Path(next(iter(load.values()))[-1]).parent
    try:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)
        deadline = time.monotonic() + TIMEOUT_S
        while load.keys() & load_processes().keys():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        following = demo("--rounds", "1", "--json", str(tmp_path / "demo.json"))
        following.communicate(timeout=TIMEOUT_S)
        assert following.returncode == 0
    finally:
        give_back_what_a_killed_demo_could_not(directory, reserved)


def give_back_what_a_killed_demo_could_not(directory: Path, pages: int) -> None:
    assert directory.name.startswith("aeron-dpdk-measure-")
    shutil.rmtree(directory)
    if pages > 0:
        HUGE_PAGES.write_text(str(huge_pages() - pages))
