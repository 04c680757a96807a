"""`aeron-dpdk pong`: the far side of `aeron-dpdk ping`."""

from ipaddress import IPv4Address
from pathlib import Path

import click

from aeron_dpdk.errors.measure import NoOwnAddressError
from aeron_dpdk.tools.hosts.addresses import find_own_address
from aeron_dpdk.tools.hosts.aeron_link import AeronLink
from aeron_dpdk.tools.hosts.floor_link import FloorLink
from aeron_dpdk.tools.hosts.floor_port import driver_arguments, opened_floor, refuse_without_floor
from aeron_dpdk.tools.hosts.interruptible import Interruptible
from aeron_dpdk.tools.hosts.measure import serve
from aeron_dpdk.tools.hosts.request import PONG_PORT, Place
from aeron_dpdk.tools.looking import aeron_dir_option
from aeron_dpdk.tools.measure.job import Role


@click.command()
@aeron_dir_option
@click.option("--address", type=IPv4Address, help="This host's address, if its driver is a stock one.")
@click.option(
    "--port",
    default=PONG_PORT,
    show_default=True,
    type=click.IntRange(1, 65534),
    help="UDP port to listen on.",
)
@click.option("--floor", is_flag=True, help="Answer without Aeron, on the port that a driver would use.")
@driver_arguments
def pong(
    aeron_dir: Path, address: IPv4Address | None, port: int, floor: bool, arguments: tuple[str, ...]
) -> None:
    """Answer `aeron-dpdk ping` until interrupted.

    Anybody who reaches the port can make it send at full rate for an hour: run it on trusted networks only.
    --floor answers `ping --floor`: ARGUMENTS are then those of aeronmd_dpdk, which must not be
    running.
    """
    interruptible = Interruptible()
    if floor:
        with opened_floor(arguments) as opened:
            link = FloorLink(opened, Role.SERVER, port)
            interruptible.stopped_by(link.stop)
            interruptible.run(lambda: _answer_without_aeron(link, Place(opened.routing.local, port)))
        return
    refuse_without_floor(arguments)
    own = address or find_own_address(aeron_dir, None)
    if own is None:
        raise NoOwnAddressError(str(aeron_dir), "--address")
    place = Place(own, port)

    def work() -> None:
        with AeronLink(aeron_dir, Role.SERVER) as link:
            interruptible.stopped_by(link.stop)
            click.echo(f"pong answers at {place}: aeron-dpdk ping {own}")
            serve(link, place, click.echo)

    interruptible.run(work)


def _answer_without_aeron(link: FloorLink, place: Place) -> None:
    link.begin()
    click.echo(f"pong answers at {place}: aeron-dpdk ping --floor {place.address}")
    serve(link, place, click.echo)
