"""Costs that a single process can measure, with every sample printed by the program
(native/single_costs.c).

A poll at several numbers of channels, over a net_ring device or over kernel sockets; the hand-off between
the receiver's and the sender's thread; the software checksum.
"""

import subprocess
from collections import defaultdict
from enum import StrEnum
from statistics import median, quantiles
from typing import NamedTuple

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.measure.conditions import Conditions, eal_arguments, environment
from aeron_dpdk.tools.measure.job import Role
from aeron_dpdk.tools.measure.processes import shared_memory_directory
from bench import PROGRAMS

PROGRAM = PROGRAMS / "single_costs"
TIMEOUT_S = 120
CHANNELS = (1, 10, 100, 1000)
ERROR_LINES = 6


class Subject(StrEnum):
    POLL_DPDK = "poll-dpdk"
    POLL_KERNEL = "poll-kernel"
    HAND_OFF = "hand-off"
    CHECKSUM = "checksum"


class Series(NamedTuple):
    """`name` is as the program prints it: idle, frame, direct, handed_over, checksum."""

    name: str
    channels: int


class Cost(NamedTuple):
    """Costs in nanoseconds."""

    p50: float
    p99: float


Costs = dict[Series, Cost]


def measure_cost(subject: Subject, conditions: Conditions, batches: int) -> Costs:
    """Medians are of `batches` samples or more. Raises LoadError."""
    is_hand_off = subject is Subject.HAND_OFF
    cpus = (conditions.server_cpus[0], conditions.client_cpus[0])
    command = [
        str(PROGRAM),
        subject,
        ",".join(map(str, cpus if is_hand_off else cpus[1:])),
        ",".join(map(str, CHANNELS)),
        str(batches),
        *eal_arguments("net_ring0", "measure-single", conditions.has_huge_pages),
    ]
    with shared_memory_directory() as directory:
        variables = environment(directory, Role.CLIENT, conditions)
        variables["AERON_THREADING_MODE"] = "DEDICATED" if is_hand_off else "INVOKER"
        done = subprocess.run(
            command, env=variables, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    if done.returncode != 0:
        lines = [*done.stderr.splitlines()[-ERROR_LINES:], f"exit code {done.returncode}"]
        raise LoadError(subject, " / ".join(lines))
    return costs_of(done.stdout)


def costs_of(printed: str) -> Costs:
    samples: dict[Series, list[float]] = defaultdict(list)
    for line in printed.splitlines():
        name, channels, nanoseconds = line.split()
        samples[Series(name, int(channels))].append(float(nanoseconds))
    return {series: Cost(median(values), _p99(values)) for series, values in samples.items()}


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1] if len(values) > 1 else values[0]
