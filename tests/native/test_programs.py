"""Runs every TEST of every tests/native/*_test.c, each in a process of its own, under ASan and UBSan."""

import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build/native/tests/native"
SKIPPED = 77  # SUITE_SKIPPED in suite.h


def named_in_sources() -> list[tuple[str, str]]:
    found = []
    for source in sorted(HERE.glob("*_test.c")):
        names = re.findall(r"^TEST\((\w+)\)", source.read_text(), re.MULTILINE)
        found += [(source.stem, name) for name in names]
    return found


@pytest.mark.parametrize(
    ("program", "name"), [pytest.param(*test, id="::".join(test)) for test in named_in_sources()]
)
def test_native(program: str, name: str) -> None:
    run = subprocess.run([BUILT / program, name], capture_output=True, text=True, timeout=120, check=False)
    if run.returncode == SKIPPED:
        pytest.skip(run.stdout.strip().splitlines()[-1])
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
