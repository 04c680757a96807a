"""The metadata client with a server on this host that answers as EC2's does, correctly and wrongly."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from aeron_dpdk.errors.machine import MetadataError
from aeron_dpdk.machine.aws import MACS, TOKEN_HEADER, Metadata

TOKEN = "AQAEAOhVUR=="
FIRST, SECOND, NO_IPV4 = "06:0A:aa:00:00:01", "06:0a:aa:00:00:02", "06:0a:aa:00:00:03"
PAGES = {
    MACS: f"{SECOND}/\n{FIRST}/\n{NO_IPV4}/",
    f"{MACS}{FIRST}/local-ipv4s": "172.31.16.10\n172.31.16.11",
    f"{MACS}{FIRST}/subnet-ipv4-cidr-block": "172.31.16.0/20",
    f"{MACS}{FIRST}/interface-id": "eni-1",
    f"{MACS}{FIRST}/device-number": "0",
    f"{MACS}{FIRST}/network-card-index": "0",
    f"{MACS}{FIRST}/security-group-ids": "sg-1",
    f"{MACS}{SECOND}/local-ipv4s": "172.31.32.20",
    f"{MACS}{SECOND}/subnet-ipv4-cidr-block": "172.31.32.0/20",
    f"{MACS}{SECOND}/interface-id": "eni-2",
    f"{MACS}{SECOND}/device-number": "1",
}
SILENCE_S = 1.0
TIMEOUT_S = 0.2


@dataclass
class Service:
    """`put` answers the request for a token with a code; 0 stays silent. Without `needs_token`, any GET is
    answered."""

    put: int = 200
    needs_token: bool = True
    get: int = 200
    pages: dict[str, str] = field(default_factory=lambda: dict(PAGES))


def handler_of(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            if service.put == 0:
                time.sleep(SILENCE_S)
                return
            has_ttl = "X-aws-ec2-metadata-token-ttl-seconds" in self.headers
            self.answer(service.put if has_ttl else 400, TOKEN)

        def do_GET(self) -> None:
            if service.get == 0:
                time.sleep(SILENCE_S)
            elif service.needs_token and self.headers.get(TOKEN_HEADER) != TOKEN:
                self.answer(401, "")
            elif service.get != 200:
                self.answer(service.get, "")
            else:
                page = service.pages.get(self.path)
                self.answer(404 if page is None else 200, page or "")

        def answer(self, code: int, text: str) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments: object) -> None:
            """Prints nothing, unlike the base class."""

    return Handler


@contextmanager
def served(service: Service) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(service))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_interfaces_come_in_their_order_with_address_prefix_and_gateway() -> None:
    with served(Service()) as url:
        metadata = Metadata(url, TIMEOUT_S)
        first, second = metadata.interfaces()
    assert not metadata.uses_version_1
    assert (first.interface_id, first.mac, first.is_primary) == ("eni-1", FIRST.lower(), True)
    assert (str(first.address), str(first.gateway)) == ("172.31.16.10/20", "172.31.16.1")
    assert (second.interface_id, second.is_primary, second.network_card) == ("eni-2", False, 0)
    assert str(second.gateway) == "172.31.32.1"


@pytest.mark.parametrize("put", [404, 405, 501])
def test_a_service_of_version_1_only_is_used_as_it_is(put: int) -> None:
    with served(Service(put=put, needs_token=False)) as url:
        metadata = Metadata(url, TIMEOUT_S)
        assert metadata.uses_version_1 and len(metadata.interfaces()) == 2


def test_a_token_lost_on_the_way_to_a_container_is_distinguished_from_a_dead_service() -> None:
    with served(Service(put=0)) as url, pytest.raises(MetadataError, match="hop-limit 2"):
        Metadata(url, TIMEOUT_S)


def test_a_lost_token_does_not_matter_where_version_1_answers() -> None:
    with served(Service(put=0, needs_token=False)) as url:
        assert Metadata(url, TIMEOUT_S).uses_version_1


def test_a_service_that_never_answers_is_given_up_in_time() -> None:
    with served(Service(put=0, get=0)) as url, pytest.raises(MetadataError, match=r"no answer within 0\.2 s"):
        Metadata(url, TIMEOUT_S)


def test_a_service_without_version_2_that_wants_a_token_is_explained() -> None:
    with served(Service(put=404, needs_token=True)) as url:
        metadata = Metadata(url, TIMEOUT_S)
        with pytest.raises(MetadataError, match="requires a token"):
            metadata.interfaces()


def test_a_service_that_is_switched_off_says_how_to_switch_it_on() -> None:
    with served(Service(put=403)) as url, pytest.raises(MetadataError, match="--http-endpoint enabled"):
        Metadata(url, TIMEOUT_S)


def test_without_a_metadata_service_it_is_no_ec2_instance() -> None:
    with served(Service()) as url:
        pass
    with pytest.raises(MetadataError, match="EC2 instance only"):
        Metadata(url, TIMEOUT_S)


def without_subnet(service: Service) -> None:
    del service.pages[f"{MACS}{FIRST}/subnet-ipv4-cidr-block"]


def with_odd_subnet(service: Service) -> None:
    service.pages[f"{MACS}{FIRST}/subnet-ipv4-cidr-block"] = "here"


def with_errors(service: Service) -> None:
    service.get = 500


def silent(service: Service) -> None:
    service.get = 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (without_subnet, "returned HTTP 404"),
        (with_odd_subnet, "'here'"),
        (with_errors, "returned HTTP 500"),
        (silent, "no answer for"),
    ],
)
def test_a_service_that_breaks_off_is_reported(spoil: Callable[[Service], None], reason: str) -> None:
    service = Service()
    with served(service) as url:
        metadata = Metadata(url, TIMEOUT_S)
        spoil(service)
        with pytest.raises(MetadataError, match=reason):
            metadata.interfaces()


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with served(Service()) as url:
        assert len(Metadata(url, TIMEOUT_S).interfaces()) == 2
