"""`./dev demo`: two complete drivers joined by a memif link, against the same Aeron over kernel UDP."""

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from aeron_dpdk._build_info import GIT
from aeron_dpdk.errors import AeronDpdkError, explain
from aeron_dpdk.machine.core_pair import core_pair
from aeron_dpdk.machine.huge_page_reservation import reserved_huge_pages
from aeron_dpdk.tools.demo_paths import Measurement
from aeron_dpdk.tools.demo_report import PathSummary, Provenance, as_json, render, summarise
from aeron_dpdk.tools.demo_run import Round, run_rounds
from aeron_dpdk.tools.measuring_alone import measuring_alone

HUGE_PAGES_WANTED = 256  # of 2 MiB, for both processes together
WARMUP_NS = 200_000_000
DURATION_NS = 600_000_000
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def measured(measurement: Measurement, rounds: int, console: Console) -> tuple[dict[str, list[Round]], bool]:
    """The rounds of each path, and whether DPDK had huge pages."""
    with (
        console.status("starting", refresh_per_second=4) as status,
        measuring_alone(lambda: status.update("waiting for another measurement on this machine")),
        reserved_huge_pages(HUGE_PAGES_WANTED) as has_huge_pages,
    ):
        found = run_rounds(
            measurement,
            rounds,
            has_huge_pages,
            lambda path, number: status.update(f"round {number + 1} of {rounds}: {path}"),
        )
    return found, has_huge_pages


@click.command()
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures there."
)
@click.option(
    "--rounds", default=5, show_default=True, type=click.IntRange(1), help="Of each path, interleaved."
)
@click.option(
    "--message-length", default=32, show_default=True, type=click.IntRange(16, 1376), help="Payload in bytes."
)
def demo(json_file: Path | None, rounds: int, message_length: int) -> None:
    """Measure round trips and throughput over DPDK and over the kernel, and compare."""
    if json_file is not None and not os.access(json_file.parent, os.W_OK):
        raise click.BadParameter(
            f"{json_file.parent} is not a folder that we can write to", param_hint="--json"
        )
    console = Console()
    measurement = Measurement(message_length, WARMUP_NS, DURATION_NS, core_pair())
    found, has_huge_pages = measured(measurement, rounds, console)
    paths: dict[str, PathSummary] = {path: summarise(rounds_) for path, rounds_ in found.items()}
    one = found["dpdk"][0]
    provenance = Provenance(
        message_length, rounds, measurement.cpus, has_huge_pages, one.aeron_version, one.dpdk_version, GIT
    )
    console.print(render(paths, provenance))
    if json_file is not None:
        json_file.write_text(json.dumps(as_json(paths, provenance), indent=2) + "\n")


def interrupt_once(_number: int, _frame: FrameType | None) -> None:
    """The first signal unwinds everything that was set up; later ones must not disturb that."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and shells without job control want it
            signal.signal(number, interrupt_once)
    try:
        demo.main(prog_name="./dev demo", standalone_mode=False)
    except AeronDpdkError as error:
        explanation = explain(error)
        print(explanation.text, file=sys.stderr)
        return explanation.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
