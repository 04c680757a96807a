"""The preloaded library, in a process that allocates between the marks and outside them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.quiet import PRELOADED, Disturbance, read

pytestmark = pytest.mark.skipif(not PRELOADED.exists(), reason="./dev test builds it")

# Both names are looked up before anything is measured.
MEASURED = """
import ctypes
libc = ctypes.CDLL(None)
malloc = libc.malloc
malloc.restype = ctypes.c_void_p
mark = libc.getrusage
room = ctypes.create_string_buffer(1024)
for allocations in (0, 1000):
    malloc(10)
    mark(1, room)
    for _ in range(allocations):
        malloc(10)
    mark(1, room)
"""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[Disturbance]:
    directory = tmp_path_factory.mktemp("disturbance")
    variables = {"LD_PRELOAD": str(PRELOADED), "ADK_DISTURBANCE": f"{directory}/"}
    process = subprocess.Popen([sys.executable, "-c", MEASURED], env=os.environ | variables)
    assert process.wait(60) == 0
    return read(Path(directory, str(process.pid)))


def test_each_pair_of_marks_has_a_line(lines: list[Disturbance]) -> None:
    assert len(lines) == 2


def test_allocations_between_the_marks_are_counted_and_no_others(lines: list[Disturbance]) -> None:
    quiet, busy = (line.allocations for line in lines)
    assert 1000 <= busy - quiet < 2000
