"""Measures the parts that were requested, and reports what could not be measured."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.machine.change.outside_setup import reserved_huge_pages
from aeron_dpdk.tools.measure.alone import measuring_alone
from aeron_dpdk.tools.measure.conditions import Conditions
from aeron_dpdk.tools.measure.paths import memif
from aeron_dpdk.tools.measure.schedule import run_interleaved
from bench import cost
from bench.parts import STREAMS, Media, Part, entries
from bench.paths import VETH_KERNEL_ADDRESSES, VETH_MTU
from bench.quiet import measure_quiet
from bench.results import BenchResults
from bench.single_costs import Subject, measure_cost
from bench.standing import measure_standing
from bench.veth_pair import VethError, may_make_veth, veth_pair

HUGE_PAGES_WANTED = 320  # of 2 MiB, for both processes together
HUGE_PAGES_FOR_JUMBO = 768
WARMUP_NS = 200_000_000
BATCHES = 2000


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    parts: frozenset[Part]
    repeats: int
    duration_ns: int
    server_cpus: tuple[int, ...]
    client_cpus: tuple[int, ...]


def measure(options: Options, progress: Callable[[str], None]) -> tuple[BenchResults, Conditions]:
    """Raises AeronDpdkError; leaves nothing changed behind."""
    results = BenchResults()
    with ExitStack() as undo:
        undo.enter_context(measuring_alone(lambda: progress("waiting for another measurement to end")))
        media = undo.enter_context(_media(options.parts, results.notes))
        conditions = Conditions(
            min(WARMUP_NS, options.duration_ns),
            options.duration_ns,
            options.server_cpus,
            options.client_cpus,
            media.has_huge_pages,
        )
        if options.parts & STREAMS:
            listed = entries(options.parts & STREAMS, media)
            results.streams.extend(
                run_interleaved(listed, options.repeats, conditions, progress, results.failures.append)
            )
        _measure_singles(options, conditions, results, progress)
        if Part.DRIVER in options.parts:
            _measure_driver(options, conditions, results, progress)
        if Part.QUIET in options.parts:
            results.quiet = measure_quiet(memif(media.has_huge_pages), conditions, progress)
    if Part.COST in options.parts:
        progress("cost: instructions for each frame")
        if reason := cost.why_not():
            results.notes.append(f"No instructions were counted: {reason}.")
        else:
            results.cost = cost.count()
    return results, conditions


def _measure_singles(
    options: Options, conditions: Conditions, results: BenchResults, progress: Callable[[str], None]
) -> None:
    """A process that fails is reported like a round that fails; the others go on."""
    batches = max(1, min(BATCHES, options.duration_ns // 100_000))
    for repeat in range(options.repeats):
        for subject in _subjects(options.parts):
            progress(f"repeat {repeat + 1} of {options.repeats}: {subject}")
            try:
                results.singles.setdefault(subject, []).append(measure_cost(subject, conditions, batches))
            except LoadError as error:
                results.failures.append(f"{subject}, repeat {repeat + 1}: {error.reason}")
    if Part.THREADS in options.parts:
        results.notes.append(
            "A queue of the sender's own was not timed, since no virtual device brings frames there by rules "
            "or by a hash. The sender would poll it just as the receiver polls its queue."
        )


def _measure_driver(
    options: Options, conditions: Conditions, results: BenchResults, progress: Callable[[str], None]
) -> None:
    for repeat in range(options.repeats):
        progress(f"repeat {repeat + 1} of {options.repeats}: a driver that starts and then is idle")
        try:
            results.standings.append(measure_standing(conditions))
        except LoadError as error:
            results.failures.append(f"driver, repeat {repeat + 1}: {error.reason}")


def _subjects(parts: frozenset[Part]) -> tuple[Subject, ...]:
    by_part = {
        Part.ENDPOINTS: (Subject.POLL_DPDK, Subject.POLL_KERNEL),
        Part.THREADS: (Subject.HAND_OFF,),
        Part.COST: (Subject.CHECKSUM,),
    }
    return tuple(subject for part, subjects in by_part.items() if part in parts for subject in subjects)


@contextmanager
def _media(parts: frozenset[Part], notes: list[str]) -> Iterator[Media]:
    """Huge pages and a veth pair, kept for as long as they are needed."""
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
        if parts & {Part.FLOOR, Part.ECHO}:
            if not may_make_veth():
                notes.append(
                    f"Nothing was measured over veth: that takes root, not uid {os.geteuid()}, and ip(8)."
                )
            else:
                try:
                    veth = undo.enter_context(veth_pair(VETH_KERNEL_ADDRESSES, VETH_MTU))
                except VethError as error:
                    notes.append(f"Nothing was measured over veth: {error}")
        yield Media(has_huge_pages, has_room, veth)
