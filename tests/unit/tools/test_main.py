import subprocess
import sys
from pathlib import Path

import pytest

from aeron_dpdk.observe.exit_code import ObserveExit

PROGRAM = (sys.executable, "-c", "from aeron_dpdk.tools.main import main; main()")


@pytest.mark.parametrize("command", [("devices", "--json"), ("doctor",), ("aws", "template")])
def test_an_output_without_room_is_one_sentence(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == ObserveExit.OUTPUT
    assert done.stderr.startswith("error: cannot write to standard output (No space left on device): ")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error_of_ours() -> None:
    command = " ".join(f"'{part}'" for part in PROGRAM)
    done = subprocess.run(
        ["bash", "-c", f"{command} aws template | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("AWSTemplateFormatVersion") and done.stderr == ""
