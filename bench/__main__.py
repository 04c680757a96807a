"""`./dev bench`: what we claim about speed, measured against the kernel and against DPDK alone."""

import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from aeron_dpdk.errors import AeronDpdkError, explain
from aeron_dpdk.machine.facts.cpus import parse_cpu_list
from aeron_dpdk.machine.thread_cpus import core_pair
from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.measure.conditions import CPUS_OF_A_DEDICATED_SIDE
from aeron_dpdk.tools.measure.plots import DRAWN_BY, EXTRA
from aeron_dpdk.tools.measure.provenance import read_provenance
from bench import cost
from bench.parts import Part
from bench.report import as_data, as_html, as_terminal
from bench.run import Options, measure

FILE = click.Path(path_type=Path, dir_okay=False)
FILE_COLUMNS = 130
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("parts", nargs=-1, type=click.Choice([part.value for part in Part]))
@click.option("--json", "json_file", type=FILE, help="Write the figures to this file.")
@click.option("--html", "html_file", type=FILE, help="Write the report, with its plots, to this file.")
@click.option(
    "--repeats",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    help="How often everything is measured.",
)
@click.option(
    "--duration-ms", default=600, show_default=True, type=click.IntRange(10), help="For each measured phase."
)
@click.option(
    "--threading",
    default="invoker",
    show_default=True,
    type=click.Choice(["invoker", "dedicated"]),
    help="One thread for each process, or Aeron's three and one for the load.",
)
@click.option(
    "--cpus", metavar="LIST", help="The server's CPUs, then the client's: 2 in all, or 8 for dedicated."
)
@click.option("--keep-cost", is_flag=True, help="Write the instruction counts into the checkout.")
def bench(
    parts: tuple[str, ...],
    json_file: Path | None,
    html_file: Path | None,
    repeats: int,
    duration_ms: int,
    threading: str,
    cpus: str | None,
    keep_cost: bool,
) -> None:
    """Measure, and show which goals are met.

    PARTS are what to measure, all of them by default.
    """
    for file in (json_file, html_file):
        if file is not None and not os.access(file.parent, os.W_OK):
            raise click.UsageError(f"{file.parent} is not a folder that we can write to")
    if html_file is not None:
        require(DRAWN_BY, EXTRA)
    server_cpus, client_cpus = sides(threading, cpus)
    wanted = frozenset(map(Part, parts)) or frozenset(Part)
    options = Options(wanted, repeats, duration_ms * 1_000_000, server_cpus, client_cpus)
    provenance = read_provenance(["./dev", "bench", *sys.argv[1:]])
    # Output that is not a terminal has no width to go by, and tables squeezed into 80 columns cannot be read.
    console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)
    _interruptible()
    with console.status("starting", refresh_per_second=4) as status:
        results, conditions = measure(options, status.update)
    console.print(as_terminal(results, options, conditions, provenance))
    if json_file is not None:
        data = as_data(results, options, conditions, provenance)
        json_file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    if html_file is not None:
        html_file.write_text(as_html(results, options, conditions, provenance))
    if keep_cost and results.cost is not None:
        cost.KEPT_TABLE.write_text(results.cost.to_json())
    if results.failures:
        raise click.ClickException(f"{len(results.failures)} round(s) failed, named above")


def sides(threading: str, cpus: str | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The server's and the client's CPUs. Raises UsageError and TooFewCpusError."""
    needed = CPUS_OF_A_DEDICATED_SIDE if threading == "dedicated" else 1
    if cpus is None:
        if threading == "dedicated":
            raise click.UsageError(
                f"dedicated threads need {2 * needed} CPUs of their own: name them with --cpus"
            )
        server, client = core_pair()
        return (server,), (client,)
    with suppress(ValueError):
        named = sorted(parse_cpu_list(cpus))
        if len(named) == 2 * needed and set(named) <= os.sched_getaffinity(0):
            return tuple(named[:needed]), tuple(named[needed:])
    raise click.UsageError(
        f"--cpus {cpus} does not name {2 * needed} CPUs that we may use, as in 2-9 or 2,4,6,8, server's first"
    )


def _interruptible() -> None:
    """The first signal unwinds everything that was set up; later ones must not interrupt that."""

    def interrupt_once(_number: int, _frame: FrameType | None) -> None:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, interrupt_once)


def main() -> None:
    try:
        bench(prog_name="./dev bench")
    except AeronDpdkError as error:
        sys.exit(explain(error).text)


if __name__ == "__main__":
    main()
