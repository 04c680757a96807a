"""Whatever other clients do, a scrape is answered."""

import socket
import threading
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Gauge

from aeron_dpdk.tools.scrape_server import MAX_CONNECTIONS, RECEIVE_TIMEOUT_S, ScrapeServer, serving

DEADLINE_S = RECEIVE_TIMEOUT_S


@pytest.fixture
def port() -> Iterator[int]:
    registry = CollectorRegistry()
    Gauge("aeron_dpdk_up", "Whether it is up.", registry=registry).set(1)
    server = ScrapeServer("127.0.0.1", 0, registry)
    stop = serving(server)
    yield server.server_port
    stop()


def scrape(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=DEADLINE_S) as answer:
        return str(answer.read().decode())


def test_slow_clients_starve_no_scrape_and_hold_no_more_threads_than_allowed(port: int) -> None:
    before = threading.active_count()
    idlers = [socket.create_connection(("127.0.0.1", port)) for _ in range(4 * MAX_CONNECTIONS)]
    for idler in idlers:
        idler.sendall(b"GET /metrics HTTP/1.1\r\n")
    assert "aeron_dpdk_up 1.0" in scrape(port)
    assert threading.active_count() - before <= MAX_CONNECTIONS + 1  # and the one that is being disconnected
    oldest = idlers[0]
    oldest.settimeout(DEADLINE_S)
    assert oldest.recv(1) == b""
    for idler in idlers:
        idler.close()


def test_a_client_that_says_nothing_is_disconnected_in_the_end(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeron_dpdk.tools.scrape_server._Handler.timeout", 0.05)
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as idler:
        assert idler.recv(1) == b""
    assert "aeron_dpdk_up 1.0" in scrape(port)
