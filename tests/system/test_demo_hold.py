"""`./dev demo --hold`: the drivers that the documentation uses to show its commands."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import eventually
from tests.system.fixtures.tool import PROGRAM

START_TIMEOUT_S = 90.0
DIRECTORY_LINE = "  export AERON_DIR="

pytestmark = pytest.mark.usefixtures("dpdk_only")


@contextmanager
def held() -> Iterator[tuple[ChildProcess, Path]]:
    process = ChildProcess([str(PROGRAM), "demo", "--hold"])
    try:
        line = ""
        while not line.startswith(DIRECTORY_LINE):
            heard = process.next_line(START_TIMEOUT_S)
            assert heard is not None, process.output
            line = heard
        yield process, Path(line.removeprefix(DIRECTORY_LINE))
    finally:
        if process.is_running:
            process.kill()


def run(directory: Path, *command: str) -> str:
    environment = {**os.environ, "AERON_DIR": str(directory)}
    done = subprocess.run(
        [PROGRAM, *command], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def positions(directory: Path) -> list[int]:
    lines = run(directory, "counters", "snd-pos").splitlines()
    return [int(line.split()[1].replace(",", "")) for line in lines[1:]]


def test_every_tool_works_on_it_and_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    with held() as (process, directory):
        for role in ("server", "client"):
            place = directory.parent / role
            eventually(partial(is_healthy, place), "both ends have met")
            eventually(partial(goes_on, place, positions(place)), "its stream goes on")
        assert "distinct errors observed" in run(directory, "errors")
        assert "entries read" in run(directory, "loss")
        run(directory, "capture", "-c", "10", "-w", str(tmp_path / "demo.pcapng"))
        assert (tmp_path / "demo.pcapng").stat().st_size > 10 * 60
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(60) == 130
        assert not directory.parent.exists()


def is_healthy(place: Path) -> bool:
    try:
        return "healthy" in run(place, "status")
    except subprocess.CalledProcessError:
        return False


def goes_on(place: Path, before: list[int]) -> bool:
    now = positions(place)
    return len(now) == 1 and [*before, 0][0] < now[0]
