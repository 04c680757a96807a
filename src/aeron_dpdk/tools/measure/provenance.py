"""The circumstances of a measurement: versions, machine, command."""

import os
import platform
import shlex
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk._build_info import GIT
from aeron_dpdk.native import aeron_version, dpdk_version


@dataclass(frozen=True, slots=True)
class Provenance:
    aeron: str
    dpdk: str
    git: str
    cpu: str
    cpus: int
    kernel: str
    distribution: str
    command: str
    load_average: float
    """Of the minute before: processes that wanted a CPU beside the measurement."""


def read_provenance(command: list[str]) -> Provenance:
    return Provenance(
        aeron=aeron_version(),
        dpdk=dpdk_version(),
        git=GIT,
        cpu=_cpu(),
        cpus=len(os.sched_getaffinity(0)),
        kernel=platform.release(),
        distribution=platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        command=shlex.join(command),
        load_average=os.getloadavg()[0],
    )


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
