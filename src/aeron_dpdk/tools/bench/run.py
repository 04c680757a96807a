"""Measures the parts that were asked for, and says what could not be measured."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from aeron_dpdk.errors import LoadError
from aeron_dpdk.machine.change.huge_page_reservation import reserved_huge_pages
from aeron_dpdk.machine.change.veth_pair import may_make_veth, veth_pair
from aeron_dpdk.machine.errors import VethError
from aeron_dpdk.tools.bench import cost
from aeron_dpdk.tools.bench.parts import STREAMS, Bed, Part, entries
from aeron_dpdk.tools.bench.quiet import measure_quiet
from aeron_dpdk.tools.bench.results import Results
from aeron_dpdk.tools.bench.single_costs import Subject
from aeron_dpdk.tools.bench.single_runs import run_single, single_job
from aeron_dpdk.tools.measure.alone import measuring_alone
from aeron_dpdk.tools.measure.paths import VETH_KERNEL_ADDRESSES, VETH_MTU, memif
from aeron_dpdk.tools.measure.schedule import run_interleaved
from aeron_dpdk.tools.measure.setting import Setting

HUGE_PAGES_WANTED = 320  # of 2 MiB, for both processes together
HUGE_PAGES_FOR_JUMBO = 768
WARMUP_NS = 200_000_000
BATCHES = 2000


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for."""

    parts: frozenset[Part]
    repeats: int
    duration_ns: int
    server_cpus: tuple[int, ...]
    client_cpus: tuple[int, ...]


def measure(wishes: Wishes, progress: Callable[[str], None]) -> tuple[Results, Setting]:
    """Raises AeronDpdkError; leaves nothing changed behind."""
    results = Results()
    with ExitStack() as undo:
        undo.enter_context(measuring_alone(lambda: progress("waiting for another measurement to end")))
        bed = undo.enter_context(_bed(wishes.parts, results.notes))
        setting = Setting(
            min(WARMUP_NS, wishes.duration_ns),
            wishes.duration_ns,
            wishes.server_cpus,
            wishes.client_cpus,
            bed.has_huge_pages,
        )
        if wishes.parts & STREAMS:
            listed = entries(wishes.parts & STREAMS, bed)
            results.streams.extend(
                run_interleaved(listed, wishes.repeats, setting, progress, results.failures.append)
            )
        _measure_single(wishes, setting, results, progress)
        if Part.QUIET in wishes.parts:
            results.quiet = measure_quiet(memif(bed.has_huge_pages), setting, progress)
    if Part.COST in wishes.parts:
        progress("cost: instructions for each frame")
        if reason := cost.why_not():
            results.notes.append(f"No instructions were counted: {reason}.")
        else:
            results.cost = cost.count()
    return results, setting


def _measure_single(
    wishes: Wishes, setting: Setting, results: Results, progress: Callable[[str], None]
) -> None:
    """A process that fails is told as a round that fails; the others go on."""
    for repeat in range(wishes.repeats):
        for subject in _subjects(wishes.parts):
            progress(f"repeat {repeat + 1} of {wishes.repeats}: {subject}")
            batches = max(1, min(BATCHES, wishes.duration_ns // 100_000))
            try:
                _keep(results, subject, run_single(single_job(subject, setting, batches), setting))
            except LoadError as error:
                results.failures.append(f"{subject}, repeat {repeat + 1}: {error.reason}")
    if Part.THREADS in wishes.parts:
        results.notes.append(
            "Steering by UDP port, which saves the hand-off, was not measured: no virtual device has it."
        )


def _subjects(parts: frozenset[Part]) -> tuple[Subject, ...]:
    by_part = {
        Part.ENDPOINTS: (Subject.POLL_DPDK, Subject.POLL_KERNEL),
        Part.THREADS: (Subject.HAND_OFF,),
        Part.COST: (Subject.CHECKSUM,),
    }
    return tuple(subject for part, subjects in by_part.items() if part in parts for subject in subjects)


def _keep(results: Results, subject: Subject, found: dict[str, Any]) -> None:
    if subject is Subject.HAND_OFF:
        results.hand_offs.append(found)
    elif subject is Subject.CHECKSUM:
        results.checksums_ns.append(found["checksum_ns"])
    else:
        results.polls.setdefault(subject, []).append(found)


@contextmanager
def _bed(parts: frozenset[Part], notes: list[str]) -> Iterator[Bed]:
    """Huge pages and a veth pair for as long as they are needed."""
    with ExitStack() as undo:
        has_huge_pages = undo.enter_context(reserved_huge_pages(HUGE_PAGES_WANTED))
        wants_jumbo = Part.THROUGHPUT in parts
        has_room = wants_jumbo and undo.enter_context(reserved_huge_pages(HUGE_PAGES_FOR_JUMBO))
        if not has_huge_pages:
            notes.append(
                f"Without {HUGE_PAGES_WANTED} free huge pages of 2 MiB, and the right to reserve them, memif "
                "copies every frame."
            )
        if wants_jumbo and not has_room:
            notes.append(
                f"The 8 KiB MTU was not measured: it takes {HUGE_PAGES_FOR_JUMBO} huge pages of 2 MiB."
            )
        veth = None
        if Part.ECHO in parts:
            if not may_make_veth():
                notes.append(
                    f"Nothing was measured over veth: that takes root, not uid {os.geteuid()}, and ip(8)."
                )
            else:
                try:
                    veth = undo.enter_context(veth_pair(VETH_KERNEL_ADDRESSES, VETH_MTU))
                except VethError as error:
                    notes.append(f"Nothing was measured over veth: {error}")
        yield Bed(has_huge_pages, has_room, veth)
