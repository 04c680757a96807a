"""What disturbs the measuring threads of a steady run: the part `quiet`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aeron_dpdk.tools.measure.conditions import Conditions
from aeron_dpdk.tools.measure.job import Phase, PhaseKind, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath
from aeron_dpdk.tools.measure.processes import Round, run_round
from bench import PROGRAMS
from bench.system_calls import SystemCalls, can_count, counted

PRELOADED = PROGRAMS / "libdisturbance.so"
PHASES = (Phase(PhaseKind.ECHO, 32), Phase(PhaseKind.ONE_WAY, 32))


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What the kernel and the allocator did to a thread in its measured time, as native/disturbance.c
    prints it. TLB shoot-downs are those that its CPU received; -1: not counted."""

    allocations: int
    page_faults: int
    voluntary_switches: int
    involuntary_switches: int
    tlb_shootdowns: int


@dataclass(frozen=True, slots=True)
class QuietLine:
    """One phase on one side; `system_calls` by name, None where they could not be counted."""

    role: Role
    phase: Phase
    messages: int
    disturbance: Disturbance
    system_calls: dict[str, int] | None


def measure_quiet(
    path: MeasuredPath, conditions: Conditions, progress: Callable[[str], None]
) -> list[QuietLine]:
    """Two rounds: stopping a thread at its system calls itself causes context switches, so system calls
    and switches are counted separately. Over kernel sockets the second round would take minutes.
    """
    progress(f"quiet: {path.title}")
    round_, disturbances = _disturbed(path, conditions)
    calls: list[SystemCalls] = []
    if can_count():
        progress(f"quiet, system calls: {path.title}")
        run_round(path, PHASES, conditions, partial(counted, into=calls))
    return [
        QuietLine(
            role,
            phase,
            found.throughput.messages,
            disturbances[number][index],
            _of_phase(calls[number], index) if calls else None,
        )
        for number, (role, report) in enumerate(((Role.SERVER, round_.server), (Role.CLIENT, round_.client)))
        for index, (phase, found) in enumerate(zip(PHASES, report.phases, strict=True))
    ]


def _of_phase(calls: SystemCalls, index: int) -> dict[str, int] | None:
    return dict(calls.phases[index]) if calls.failure is None and index < len(calls.phases) else None


def _disturbed(path: MeasuredPath, conditions: Conditions) -> tuple[Round, list[list[Disturbance]]]:
    """For the server and for the client, phase by phase."""
    processes: list[int] = []

    @contextmanager
    def remember(found: list[int]) -> Iterator[None]:
        processes.extend(found)
        yield

    with TemporaryDirectory() as directory:
        variables = {"LD_PRELOAD": str(PRELOADED), "ADK_DISTURBANCE": f"{directory}/"}
        os.environ.update(variables)
        try:
            round_ = run_round(path, PHASES, conditions, remember)
        finally:
            for name in variables:
                del os.environ[name]
        return round_, [read(Path(directory, str(process))) for process in processes]


def read(file: Path) -> list[Disturbance]:
    return [Disturbance(*map(int, line.split())) for line in file.read_text().splitlines()]
