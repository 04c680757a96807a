"""Replays every committed input through its fuzz target, sanitised; `./dev fuzz` searches for new ones."""

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[1] / "build/native/tests/fuzz"
TARGETS = sorted(source.stem for source in HERE.glob("fuzz_*.c"))


@pytest.mark.parametrize("target", TARGETS)
def test_no_committed_input_makes_its_target_fail(target: str) -> None:
    inputs = sorted(path for path in (HERE / "corpus" / target).iterdir() if path.is_file())
    assert inputs, f"tests/fuzz/corpus/{target} is empty"
    run = subprocess.run([BUILT / target, *inputs], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    assert run.stdout.endswith(f"{len(inputs)} inputs\n")
