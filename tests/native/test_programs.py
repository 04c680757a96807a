"""Runs every TEST of every tests/native/*_test.c under ASan and UBSan.

A program runs all its tests in one process, since starting the EAL takes longer than any of them. If that
run fails, each test gets its own process, so that the report names exactly those that fail.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build/native/tests/native"
SKIPPED = 77  # SUITE_SKIPPED in suite.h


def run(program: str, *names: str) -> subprocess.CompletedProcess[str]:
    command = [str(BUILT / program), *names]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@cache
def all_of(program: str) -> subprocess.CompletedProcess[str]:
    return run(program)


def passed_together(program: str) -> list[str]:
    together = all_of(program)
    return re.findall(r"^ok (\w+)$", together.stdout, re.MULTILINE) if together.returncode == 0 else []


def named_in_sources() -> list[tuple[str, str]]:
    found = []
    for source in sorted(HERE.glob("*_test.c")):
        names = re.findall(r"^TEST\((\w+)\)", source.read_text(), re.MULTILINE)
        found += [(source.stem, name) for name in names]
    return found


NAMED = named_in_sources()


@pytest.mark.parametrize(("program", "name"), [pytest.param(*test, id="::".join(test)) for test in NAMED])
def test_native(program: str, name: str) -> None:
    if name in passed_together(program):
        return
    alone = run(program, name)
    if alone.returncode == SKIPPED:
        pytest.skip(alone.stdout.strip().splitlines()[-1])
    assert alone.returncode == 0, f"{alone.stdout}\n{alone.stderr}"


@pytest.mark.parametrize("program", sorted({program for program, _ in NAMED}))
def test_all_tests_of_a_program_run_in_one_process(program: str) -> None:
    together = all_of(program)
    assert together.returncode in (0, SKIPPED), f"{together.stdout}\n{together.stderr}"
