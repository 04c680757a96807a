"""`aeron-dpdk export`: a Prometheus endpoint for a running driver."""

import signal
import threading
from pathlib import Path

import click

from aeron_dpdk.errors.observe import AddressError
from aeron_dpdk.tools.extras import require
from aeron_dpdk.tools.looking import aeron_dir_option

DEFAULT_ADDRESS = "127.0.0.1:9465"
PORTS = range(1 << 16)


def parse_address(text: str) -> tuple[str, int]:
    """HOST:PORT, an IPv6 host in brackets. Raises AddressError."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) not in PORTS:
        raise AddressError(text, "it must be HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


@click.command()
@click.option(
    "--listen",
    default=DEFAULT_ADDRESS,
    show_default=True,
    metavar="HOST:PORT",
    help="Where to serve /metrics; port 0 picks a free one.",
)
@aeron_dir_option
def export(aeron_dir: Path, listen: str) -> None:
    """Serve a driver's state to Prometheus until interrupted.

    Anybody who reaches the address can read it: keep it on loopback, or on a network for management.
    """
    host, port = parse_address(listen)
    require("prometheus_client", "export")
    from aeron_dpdk.tools.scrape_server import ScrapeServer, registry_of, serving  # noqa: PLC0415 - an extra

    try:
        server = ScrapeServer(host, port, registry_of(aeron_dir))
    except OSError as error:
        raise AddressError(listen, error.strerror or str(error)) from error
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stop_serving = serving(server)
    click.echo(f"serving http://{listen.rpartition(':')[0]}:{server.server_port}/metrics", err=True)
    stop.wait()
    stop_serving()
