"""The command aeron-dpdk, as an operator runs it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.bed.driver import Driver

TIMEOUT_S = 60.0
PROGRAM = Path(sys.executable).parent / "aeron-dpdk"


@dataclass(frozen=True, slots=True)
class Outcome:
    exit_code: int
    output: str
    complaint: str

    @property
    def json(self) -> Any:
        assert self.exit_code == 0, self.complaint
        return json.loads(self.output)


def aeron_dpdk(command: str, driver: Driver, *arguments: str) -> Outcome:
    done = subprocess.run(
        [PROGRAM, command, "--aeron-dir", driver.aeron_dir, *arguments],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)
