"""What a driver costs before anything happens: starting, and idling. The part `driver`."""

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.measure.conditions import Conditions, eal_arguments, environment
from aeron_dpdk.tools.measure.job import Role
from aeron_dpdk.tools.measure.processes import shared_memory_directory

# A device that starts quickly and receives nothing: what is measured is our own code.
VDEV = "net_null0,no-rx=1"
ADDRESS = "198.18.5.1/24"
PROGRAM = "from aeron_dpdk.driver.main import main; main()"
READY = b"aeronmd_dpdk is ready"
TIMEOUT_S = 40.0
SETTLING_S = 3.0  # by then both announcements of our address have been sent
IDLE_S = 4.0
# How these threads wait is up to the idle strategies that Aeron's users choose.
TURNED_BY_AERON = frozenset({"conductor", "sender", "receiver"})


@dataclass(frozen=True, slots=True)
class Spent:
    """Since the start of a process, by all its threads except those whose idle strategies are Aeron's."""

    wake_ups: int
    cpu_s: float

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.wake_ups - before.wake_ups, self.cpu_s - before.cpu_s)


def spent(pid: int) -> Spent:
    """As counted by the kernel: wake-ups are counted as the voluntary switches that precede them."""
    wake_ups, cpu_ns = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() in TURNED_BY_AERON:
            continue
        [line] = [
            line
            for line in (task / "status").read_text().splitlines()
            if line.startswith("voluntary_ctxt_switches")
        ]
        wake_ups += int(line.split()[1])
        cpu_ns += int((task / "schedstat").read_text().split()[0])
    return Spent(wake_ups, cpu_ns / 1e9)


@dataclass(frozen=True, slots=True)
class Standing:
    """For one start: from creating the process to its ready line, and its idle seconds after that."""

    ready_ms: float
    wake_ups_per_second: float
    cpu_percent: float


def measure_standing(conditions: Conditions) -> Standing:
    """Raises LoadError."""
    started = time.monotonic()
    with _driver(conditions) as process:
        ready_ms = (time.monotonic() - started) * 1000
        time.sleep(SETTLING_S)
        before, since = spent(process.pid), time.monotonic()
        time.sleep(IDLE_S)
        idle, elapsed_s = spent(process.pid) - before, time.monotonic() - since
    return Standing(ready_ms, idle.wake_ups / elapsed_s, 100 * idle.cpu_s / elapsed_s)


@contextmanager
def _driver(conditions: Conditions) -> Iterator["subprocess.Popen[bytes]"]:
    """aeronmd_dpdk with Aeron's defaults except for its address, ready."""
    with shared_memory_directory() as directory:
        variables = environment(directory, Role.SERVER, conditions) | {
            "AERON_THREADING_MODE": "DEDICATED",
            "AERON_DPDK_LOCAL_IPV4_ADDRESS": ADDRESS,
        }
        arguments = eal_arguments(VDEV, "measure-driver", conditions.has_huge_pages)
        errors = directory / "driver.log"
        with errors.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments],
                env=variables,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        try:
            assert process.stdout is not None
            if not _says_ready(process.stdout):
                raise LoadError("driver", " / ".join(errors.read_text(errors="replace").splitlines()[-6:]))
            yield process
        finally:
            process.terminate()
            try:
                process.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _says_ready(output: IO[bytes]) -> bool:
    readable, _, _ = select.select([output], [], [], TIMEOUT_S)
    return bool(readable) and output.readline().startswith(READY)
