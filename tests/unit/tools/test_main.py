import subprocess
import sys
from pathlib import Path

import pytest

from aeron_dpdk.exit_code import ExitCode

# Buffered, as for users: a test runner's environment may say otherwise.
PROGRAM = (
    "env",
    "-u",
    "PYTHONUNBUFFERED",
    sys.executable,
    "-c",
    "from aeron_dpdk.tools.main import main; main()",
)


@pytest.mark.parametrize("command", [("devices", "--json"), ("doctor",), ("aws", "template")])
def test_a_full_output_is_reported_in_one_sentence(command: tuple[str, ...]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == ExitCode.OUTPUT
    assert done.stderr.startswith("error: cannot write to standard output (No space left on device): ")
    assert len(done.stderr.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = " ".join(f"'{part}'" for part in PROGRAM)
    done = subprocess.run(
        ["bash", "-c", f"{command} aws template | head -1"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("AWSTemplateFormatVersion") and done.stderr == ""


def run_help(*command: str) -> str:
    return subprocess.run([*PROGRAM, *command, "--help"], capture_output=True, text=True, check=True).stdout


def test_the_list_of_commands_has_a_whole_sentence_for_each() -> None:
    listing = run_help().partition("Commands:")[2].strip().splitlines()
    assert listing and [line for line in listing if not line.endswith(".") or line.endswith("...")] == []


@pytest.mark.parametrize(
    "command", ["setup", "doctor", "devices", "aws", "status", "top", "capture", "report"]
)
def test_help_fits_a_terminal_of_80_columns(command: str) -> None:
    assert [line for line in run_help(command).splitlines() if len(line) > 80] == []
