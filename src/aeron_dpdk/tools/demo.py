"""`aeron-dpdk demo`: two complete drivers joined by a memif link, compared with the same Aeron over kernel
UDP."""

import json
import os
import signal
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from aeron_dpdk._build_info import GIT
from aeron_dpdk.machine.change.outside_setup import reserved_huge_pages
from aeron_dpdk.machine.thread_cpus import core_pair
from aeron_dpdk.tools.demo_report import Circumstances, PathSummary, as_json, render, summarise
from aeron_dpdk.tools.hold import hold
from aeron_dpdk.tools.measure.alone import measuring_alone
from aeron_dpdk.tools.measure.conditions import Conditions
from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.paths import kernel_loopback, memif
from aeron_dpdk.tools.measure.processes import Round
from aeron_dpdk.tools.measure.schedule import ScheduleEntry, run_interleaved

HUGE_PAGES_WANTED = 256  # of 2 MiB, for both processes together
WARMUP_NS = 200_000_000
DURATION_NS = 600_000_000
INTERRUPTED = 130  # 128 plus SIGINT's number, as shells report it
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def measured(
    message_length: int, repeats: int, console: Console
) -> tuple[dict[str, list[Round]], Conditions]:
    """The rounds of each path by its name, and the conditions they ran under."""
    phases = (Phase(PhaseKind.ECHO, message_length), Phase(PhaseKind.ONE_WAY, message_length))
    server_cpu, client_cpu = core_pair()
    with (
        console.status("starting", refresh_per_second=4) as status,
        measuring_alone(lambda: status.update("waiting for another measurement on this machine")),
        reserved_huge_pages(HUGE_PAGES_WANTED) as has_huge_pages,
    ):
        conditions = Conditions(WARMUP_NS, DURATION_NS, (server_cpu,), (client_cpu,), has_huge_pages)
        paths = {"dpdk": memif(has_huge_pages), "kernel": kernel_loopback()}
        names = {path.name: name for name, path in paths.items()}
        found: dict[str, list[Round]] = {name: [] for name in paths}
        entries = [ScheduleEntry(path, phases) for path in paths.values()]
        for done in run_interleaved(entries, repeats, conditions, status.update):
            found[names[done.entry.path.name]].append(done.round)
    return found, conditions


@click.command()
@click.option(
    "--json",
    "json_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the results to this file.",
)
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Rounds of each path, interleaved."
)
@click.option(
    "--message-length", default=32, show_default=True, type=click.IntRange(16, 1376), help="Payload in bytes."
)
@click.option("--hold", "holds", is_flag=True, help="Keep two drivers running, for trying the tools.")
def demo(json_file: Path | None, rounds: int, message_length: int, holds: bool) -> None:
    """Compare round trips over DPDK and over the kernel.

    Two drivers on this machine, joined by a memif link, are compared with Aeron's own driver over the
    kernel's loopback. Needs two CPUs, and no NIC.
    """
    interruptible()
    try:
        if holds:
            hold()
        else:
            compare(json_file, rounds, message_length)
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None


def compare(json_file: Path | None, rounds: int, message_length: int) -> None:
    if json_file is not None and not os.access(json_file.parent, os.W_OK):
        raise click.BadParameter(
            f"{json_file.parent} is not a folder that we can write to", param_hint="--json"
        )
    console = Console()
    found, conditions = measured(message_length, rounds, console)
    paths: dict[str, PathSummary] = {path: summarise(rounds_) for path, rounds_ in found.items()}
    report = found["dpdk"][0].client
    circumstances = Circumstances(
        message_length,
        rounds,
        (conditions.server_cpus[0], conditions.client_cpus[0]),
        conditions.has_huge_pages,
        report.aeron_version,
        report.dpdk_version,
        GIT,
    )
    console.print(render(paths, circumstances))
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(paths, circumstances), indent=2) + "\n")


def interruptible() -> None:
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup or the shell may ignore it
            signal.signal(number, interrupt_once)


def interrupt_once(_number: int, _frame: FrameType | None) -> None:
    """The first signal unwinds everything that was set up; later ones must not interrupt that."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
