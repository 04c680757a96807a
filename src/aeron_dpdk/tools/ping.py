"""`aeron-dpdk ping`: what Aeron does between this host and another one."""

import json
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from dataclasses import asdict
from ipaddress import IPv4Address
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from aeron_dpdk.errors.measure import KernelPathError, NoOwnAddressError
from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.hosts.addresses import find_own_address
from aeron_dpdk.tools.hosts.aeron_link import AeronLink
from aeron_dpdk.tools.hosts.floor_link import FloorLink
from aeron_dpdk.tools.hosts.floor_port import driver_arguments, opened_floor, refuse_without_floor
from aeron_dpdk.tools.hosts.interruptible import Interruptible
from aeron_dpdk.tools.hosts.measure import HostPath, Measured, measure
from aeron_dpdk.tools.hosts.report import (
    DIRECT,
    FLOOR,
    KERNEL,
    as_data,
    as_results,
    first_path,
    how,
    shown_tables,
)
from aeron_dpdk.tools.hosts.request import MAX_MESSAGE_LENGTH, MAX_RATE, PONG_PORT, Place
from aeron_dpdk.tools.looking import aeron_dir_option
from aeron_dpdk.tools.measure.histogram import hgrm_lines
from aeron_dpdk.tools.measure.job import Phase, PhaseKind, Role
from aeron_dpdk.tools.measure.page import html_page, rich_table, stamp
from aeron_dpdk.tools.measure.plots import DRAWN_BY, EXTRA, draw, stream_plots
from aeron_dpdk.tools.measure.provenance import read_provenance

FILE = click.Path(path_type=Path, dir_okay=False, writable=True)
FILE_COLUMNS = 130
MIN_LENGTH = 16  # ADK_MESSAGE_MIN_LENGTH of native/load/message.h


def _numbers(low: int, high: int) -> Callable[[click.Context, click.Parameter, str], tuple[int, ...]]:
    """The callback of an option that takes numbers separated by commas."""

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
    """One message at a time, and one-way, at every length; the rates at the first length only."""
    echoes = [Phase(PhaseKind.ECHO, length) for length in lengths]
    paced = [Phase(PhaseKind.ECHO, length, rate) for length in lengths[:1] for rate in rates]
    return (*echoes, *paced, *(Phase(PhaseKind.ONE_WAY, length) for length in lengths))


@click.command()
@click.argument("address", type=IPv4Address)
@aeron_dir_option
@click.option("--own-address", type=IPv4Address, help="This host's address, if its driver is a stock one.")
@click.option(
    "--port", default=PONG_PORT, show_default=True, type=click.IntRange(1, 65534), help="UDP port of pong."
)
@click.option(
    "--kernel-address", type=IPv4Address, help="Address of a second pong there, which uses a stock driver."
)
@click.option("--kernel-dir", type=click.Path(path_type=Path), help="Aeron directory of a stock driver here.")
@click.option("--floor", is_flag=True, help="Measure without Aeron, on the port that a driver would use.")
@click.option(
    "--lengths",
    default="32,288,1344",
    show_default=True,
    callback=_numbers(MIN_LENGTH, MAX_MESSAGE_LENGTH),
    help="Payload lengths in bytes.",
)
@click.option(
    "--rates",
    default="1000,10000",
    show_default=True,
    callback=_numbers(1, MAX_RATE),
    help="Fixed rates, in messages per second.",
)
@click.option(
    "--repeats", default=3, show_default=True, type=click.IntRange(1), help="How often to repeat everything."
)
@click.option(
    "--duration-ms",
    default=1000,
    show_default=True,
    type=click.IntRange(10),
    help="Length of each measurement.",
)
@click.option("--json", "json_file", type=FILE, help="Write all results to this file.")
@click.option("--html", "html_file", type=FILE, help="Write a report with percentile curves to this file.")
@click.option(
    "--hgrm", "hgrm_file", type=FILE, help="Write the round trips of the first length to this file."
)
@driver_arguments
def ping(
    address: IPv4Address,
    aeron_dir: Path,
    own_address: IPv4Address | None,
    port: int,
    kernel_address: IPv4Address | None,
    kernel_dir: Path | None,
    floor: bool,
    lengths: tuple[int, ...],
    rates: tuple[int, ...],
    repeats: int,
    duration_ms: int,
    json_file: Path | None,
    html_file: Path | None,
    hgrm_file: Path | None,
    arguments: tuple[str, ...],
) -> None:
    """Measure what Aeron does between this host and another one.

    `aeron-dpdk pong` must run there, and ADDRESS is that of its driver. The drivers may be ours or any other
    of Aeron's. --floor measures what DPDK and the link do without Aeron, against `pong --floor`: ARGUMENTS
    are then those of aeronmd_dpdk, which must not be running.
    """
    if (kernel_address is None) != (kernel_dir is None):
        raise KernelPathError()
    if html_file is not None:
        require(DRAWN_BY, EXTRA)
    duration_ns = duration_ms * 1_000_000
    measured: list[Measured] = []
    interruptible = Interruptible()

    def work(paths: tuple[HostPath, ...], phases: tuple[Phase, ...]) -> None:
        with Console(stderr=True).status("starting", refresh_per_second=4) as status:
            measured.extend(
                measure(
                    paths,
                    phases,
                    repeats,
                    duration_ns,
                    status.update,
                    lambda link: interruptible.stopped_by(link.stop),
                )
            )

    with ExitStack() as undo:
        if floor:
            link = FloorLink(undo.enter_context(opened_floor(arguments)), Role.CLIENT, port)
            paths = [_floor_path(link, address, port)]
            phases = phases_of(lengths, ())
        else:
            refuse_without_floor(arguments)
            paths = [_path(DIRECT, aeron_dir, address, port, own_address)]
            phases = phases_of(lengths, rates)
        if kernel_address is not None and kernel_dir is not None:
            paths.append(_path(KERNEL, kernel_dir, kernel_address, port, None))
        interruptible.run(lambda: work(tuple(paths), phases))
    if interruptible.was_stopped:
        raise click.Abort
    _show(measured, how(repeats, duration_ns, is_floor=floor), json_file, html_file, hgrm_file)


def _path(name: str, aeron_dir: Path, address: IPv4Address, port: int, own: IPv4Address | None) -> HostPath:
    own = own or find_own_address(aeron_dir, address)
    if own is None:
        raise NoOwnAddressError(str(aeron_dir), "--own-address")
    return HostPath(
        name,
        f"{name}, {address}",
        lambda: AeronLink(aeron_dir, Role.CLIENT),
        Place(own, port + 1),
        Place(address, port),
    )


def _floor_path(link: FloorLink, address: IPv4Address, port: int) -> HostPath:
    """The port stays open between measurements."""
    own = Place(link.port.routing.local, port)
    return HostPath(FLOOR, f"without Aeron, {address}", lambda: nullcontext(link), own, Place(address, port))


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
            html_page(
                "aeron-dpdk ping",
                results,
                shown_tables(results),
                draw(stream_plots(results, {})),
                sentences,
                provenance,
            )
        )
    if hgrm_file is not None:
        first = next(phase for phase in results.phases() if phase.kind is PhaseKind.ECHO)
        hgrm_file.write_text("\n".join(hgrm_lines(results.together(first_path(results), first))) + "\n")
