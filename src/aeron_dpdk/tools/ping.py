"""`aeron-dpdk ping`: what Aeron does between this host and another one."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from ipaddress import IPv4Address
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from aeron_dpdk.tools.bench.plots import DRAWN_BY
from aeron_dpdk.tools.bench.report import html_page, rich_table, stamp
from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.hosts.addresses import find_own_address
from aeron_dpdk.tools.hosts.errors import NoOwnAddressError, RouteOptionsError
from aeron_dpdk.tools.hosts.hgrm import hgrm_lines
from aeron_dpdk.tools.hosts.interruptible import Interruptible
from aeron_dpdk.tools.hosts.measure import Measured, Route, measure
from aeron_dpdk.tools.hosts.report import DIRECT, KERNEL, as_data, as_results, how, shown_tables
from aeron_dpdk.tools.hosts.request import MAX_MESSAGE_LENGTH, MAX_RATE, PONG_PORT, Place
from aeron_dpdk.tools.looking import aeron_dir_option
from aeron_dpdk.tools.measure.job import Phase, PhaseKind
from aeron_dpdk.tools.measure.provenance import read_provenance

FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
FILE_COLUMNS = 130
MIN_LENGTH = 16  # ADK_MESSAGE_MIN_LENGTH of native/load/message.h


def _numbers(low: int, high: int) -> Callable[[click.Context, click.Parameter, str], tuple[int, ...]]:
    """The callback of an option that takes numbers with commas between them."""

    def read(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
        try:
            found = tuple(int(each) for each in value.split(","))
        except ValueError:
            raise click.BadParameter(f'"{value}" is not numbers with commas between them') from None
        if outside := [each for each in found if not low <= each <= high]:
            raise click.BadParameter(f"{outside[0]} is not between {low} and {high}")
        return found

    return read


def phases_of(lengths: tuple[int, ...], rates: tuple[int, ...]) -> tuple[Phase, ...]:
    """One at a time and one way at every length; the rates at the first."""
    echoes = [Phase(PhaseKind.ECHO, length) for length in lengths]
    paced = [Phase(PhaseKind.ECHO, length, rate) for length in lengths[:1] for rate in rates]
    return (*echoes, *paced, *(Phase(PhaseKind.ONE_WAY, length) for length in lengths))


@click.command()
@click.argument("address", type=IPv4Address)
@aeron_dir_option
@click.option("--own-address", type=IPv4Address, help="The driver's on this host; one of ours tells it.")
@click.option("--port", default=PONG_PORT, show_default=True, type=click.IntRange(1, 65534), help="Pong's.")
@click.option(
    "--kernel-address", type=IPv4Address, help="Of another pong there, by a stock driver: to compare."
)
@click.option("--kernel-dir", type=click.Path(path_type=Path), help="Aeron directory of a stock driver here.")
@click.option(
    "--lengths",
    default="32,288,1344",
    show_default=True,
    callback=_numbers(MIN_LENGTH, MAX_MESSAGE_LENGTH),
    help="Bytes of payload.",
)
@click.option(
    "--rates",
    default="1000,10000",
    show_default=True,
    callback=_numbers(1, MAX_RATE),
    help="Messages a second.",
)
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(1), help="Of everything.")
@click.option("--duration-ms", default=1000, show_default=True, type=click.IntRange(10), help="Of each.")
@click.option("--json", "json_file", type=FILE, help="Write everything there.")
@click.option("--html", "html_file", type=FILE, help="Write a report with percentile curves there.")
@click.option("--hgrm", "hgrm_file", type=FILE, help="Write the round trips of the first length there.")
def ping(
    address: IPv4Address,
    aeron_dir: Path,
    own_address: IPv4Address | None,
    port: int,
    kernel_address: IPv4Address | None,
    kernel_dir: Path | None,
    lengths: tuple[int, ...],
    rates: tuple[int, ...],
    repeats: int,
    duration_ms: int,
    json_file: Path | None,
    html_file: Path | None,
    hgrm_file: Path | None,
) -> None:
    """Measure what Aeron does between this host and another one.

    `aeron-dpdk pong` must run there, and ADDRESS is its driver's. Each side's driver is ours or any other
    of Aeron's.
    """
    if (kernel_address is None) != (kernel_dir is None):
        raise RouteOptionsError()
    if html_file is not None:
        require(DRAWN_BY, "bench")
    duration_ns = duration_ms * 1_000_000
    measured: list[Measured] = []
    interruptible = Interruptible()

    routes = [_route(DIRECT, aeron_dir, address, port, own_address)]
    if kernel_address is not None and kernel_dir is not None:
        routes.append(_route(KERNEL, kernel_dir, kernel_address, port, None))

    def work() -> None:
        with Console(stderr=True).status("starting", refresh_per_second=4) as status:
            measured.extend(
                measure(
                    tuple(routes),
                    phases_of(lengths, rates),
                    repeats,
                    duration_ns,
                    status.update,
                    lambda link: interruptible.stopped_by(link.stop),
                )
            )

    interruptible.run(work)
    if interruptible.was_stopped:
        raise click.Abort
    _show(measured, how(repeats, duration_ns), json_file, html_file, hgrm_file)


def _route(name: str, aeron_dir: Path, address: IPv4Address, port: int, own: IPv4Address | None) -> Route:
    own = own or find_own_address(aeron_dir, address)
    if own is None:
        raise NoOwnAddressError(str(aeron_dir), "--own-address")
    return Route(name, f"{name}, {address}", aeron_dir, Place(own, port + 1), Place(address, port))


def _show(
    measured: list[Measured],
    sentences: list[str],
    json_file: Path | None,
    html_file: Path | None,
    hgrm_file: Path | None,
) -> None:
    results = as_results(measured)
    provenance = read_provenance(["aeron-dpdk", "ping", *sys.argv[sys.argv.index("ping") + 1 :]])
    console = Console(width=None if sys.stdout.isatty() else FILE_COLUMNS)
    for table in shown_tables(results):
        console.print(rich_table(table), Text(table.note, style="dim"), "")
    console.print(
        Text("\n".join([*sentences, *(f"{name}: {value}" for name, value in stamp(provenance))]), style="dim")
    )
    if json_file is not None:
        data = {**as_data(results), "how": sentences, "provenance": asdict(provenance)}
        json_file.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    if html_file is not None:
        html_file.write_text(
            html_page("aeron-dpdk ping", results, shown_tables(results), sentences, provenance)
        )
    if hgrm_file is not None:
        first = next(phase for phase in results.phases() if phase.kind is PhaseKind.ECHO)
        hgrm_file.write_text("\n".join(hgrm_lines(results.together(DIRECT, first))) + "\n")
