"""The HTTP side of `aeron-dpdk export`: bounded in connections and in time, whatever its clients do."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from aeron_dpdk.errors.observe import ObserveError
from aeron_dpdk.observe.metrics import families, families_up
from aeron_dpdk.observe.status import look

MAX_CONNECTIONS = 16
RECEIVE_TIMEOUT_S = 10.0


class DriverCollector(Collector):
    """Looks for the driver again at each scrape, so that it survives the driver's restarts."""

    def __init__(self, aeron_dir: Path) -> None:
        self._aeron_dir = aeron_dir

    def collect(self) -> Iterator[Metric]:
        try:
            status = look(self._aeron_dir)
        except ObserveError:
            yield from families_up(False)
            return
        yield from families(status)

    def describe(self) -> list[Metric]:
        """Empty: registration must not look at a driver that may not be there yet."""
        return []


def registry_of(aeron_dir: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(DriverCollector(aeron_dir))
    return registry


class _Handler(WSGIRequestHandler):
    timeout = RECEIVE_TIMEOUT_S

    def log_message(self, *_: Any) -> None:
        """Logs nothing: there is a scrape every few seconds."""


class ScrapeServer(ThreadingMixIn, WSGIServer):
    """Serves at most MAX_CONNECTIONS, each in a thread. When all are in use, a new one replaces the
    oldest: a scrape ends within milliseconds, so an old connection is an idle one. Raises OSError if it
    cannot listen."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, registry: CollectorRegistry) -> None:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self.address_family = family
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        super().__init__(address[:2], _Handler)  # type: ignore[arg-type]  # typeshed has IPv4 and IPv6 apart
        self.set_app(make_wsgi_app(registry))

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= MAX_CONNECTIONS:
                _hang_up(self._open.pop(0))
            self._open.append(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            if request in self._open:
                self._open.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnected, or that we disconnected, is not an error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the client has gone meanwhile


def serving(server: ScrapeServer) -> Callable[[], None]:
    """Starts serving in a thread. Returns a function that stops it."""
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="scrapes")
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
