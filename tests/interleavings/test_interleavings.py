"""Runs every scenario of this folder: what threads of ours do to each other, in every order there is."""

import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build/native/tests/interleavings"


@pytest.mark.parametrize("program", sorted(path.stem for path in HERE.glob("*.c")))
def test_every_interleaving_keeps_its_promise(program: str) -> None:
    done = subprocess.run([str(BUILT / program)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    named = re.findall(r'model_explore\("(\w+)"', (HERE / f"{program}.c").read_text())
    assert re.findall(r"^ok (\w+): \d+ runs$", done.stdout, re.MULTILINE) == named
