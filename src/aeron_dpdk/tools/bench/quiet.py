"""What disturbs the measuring threads of a steady run: the part `quiet`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import aeron_dpdk
from aeron_dpdk.tools.bench.syscalls import SystemCalls, can_count, counted
from aeron_dpdk.tools.measure.job import Disturbance, Phase, PhaseKind, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath
from aeron_dpdk.tools.measure.processes import run_round
from aeron_dpdk.tools.measure.setting import Setting

ALLOCATIONS = Path(aeron_dpdk.__file__).parent / "lib" / "libadk_allocations.so"
PHASES = (Phase(PhaseKind.ECHO, 32), Phase(PhaseKind.ONE_WAY, 32))


@dataclass(frozen=True, slots=True)
class QuietLine:
    """One phase on one side; `system_calls` by name, None where they could not be counted."""

    role: Role
    phase: Phase
    messages: int
    disturbance: Disturbance
    system_calls: dict[str, int] | None


def measure_quiet(path: MeasuredPath, setting: Setting, progress: Callable[[str], None]) -> list[QuietLine]:
    """Two rounds: a thread that is stopped at its system calls switches context for that alone, so they are
    counted apart. Over kernel sockets the second one would take minutes.
    """
    progress(f"quiet: {path.title}")
    round_ = run_round(path, PHASES, replace(setting, preload=ALLOCATIONS))
    calls: list[SystemCalls] = []
    if can_count():
        progress(f"quiet, system calls: {path.title}")
        run_round(path, PHASES, setting, partial(counted, into=calls))
    return [
        QuietLine(
            role,
            phase,
            found.throughput.messages,
            found.disturbance,
            _of_phase(calls[number], index) if calls else None,
        )
        for number, (role, report) in enumerate(((Role.SERVER, round_.server), (Role.CLIENT, round_.client)))
        for index, (phase, found) in enumerate(zip(PHASES, report.phases, strict=True))
    ]


def _of_phase(calls: SystemCalls, index: int) -> dict[str, int] | None:
    return dict(calls.phases[index]) if calls.failure is None and index < len(calls.phases) else None
