"""`aeron-dpdk pong`: the far side of `aeron-dpdk ping`."""

from ipaddress import IPv4Address
from pathlib import Path

import click

from aeron_dpdk.tools.hosts.addresses import find_own_address
from aeron_dpdk.tools.hosts.errors import NoOwnAddressError
from aeron_dpdk.tools.hosts.interruptible import Interruptible
from aeron_dpdk.tools.hosts.link import Link
from aeron_dpdk.tools.hosts.measure import serve
from aeron_dpdk.tools.hosts.request import PONG_PORT, Place
from aeron_dpdk.tools.looking import aeron_dir_option
from aeron_dpdk.tools.measure.job import Role


@click.command()
@aeron_dir_option
@click.option("--address", type=IPv4Address, help="The driver's own; one of ours tells it.")
@click.option("--port", default=PONG_PORT, show_default=True, type=click.IntRange(1, 65534), help="UDP.")
def pong(aeron_dir: Path, address: IPv4Address | None, port: int) -> None:
    """Answer `aeron-dpdk ping` until interrupted.

    Whoever reaches the port can make it send at full rate for as long as ping may ask: not for networks of
    strangers.
    """
    own = address or find_own_address(aeron_dir, None)
    if own is None:
        raise NoOwnAddressError(str(aeron_dir), "--address")
    place = Place(own, port)
    interruptible = Interruptible()

    def work() -> None:
        with Link(aeron_dir, Role.SERVER) as link:
            interruptible.stopped_by(link.stop)
            click.echo(f"pong answers at {place}: aeron-dpdk ping {own}")
            serve(link, place, click.echo)

    interruptible.run(work)
