"""`aeron-dpdk export`: Prometheus scrapes what was really sent, and other hosts cannot reach it."""

import re
import socket
from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.exporter import exporting, scrape
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, eventually, next_port, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk

pytestmark = pytest.mark.usefixtures("dpdk_only")

STRAY = Ether(src="02:ad:00:00:00:02", dst="02:ad:00:00:00:01") / IP(src="10.91.0.2", dst="10.91.0.1")
ADDRESS = 35
RACES = 20


@pytest.fixture(scope="module")
def quiet(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone on its wire."""
    with topology.straight("export", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_PACKET, "export-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def test_frames_that_were_sent_are_scraped(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    packets = 'aeron_dpdk_packets_total{direction="rx",interface="dpdk0"}'
    drops = 'aeron_dpdk_dropped_packets_total{interface="dpdk0",reason="rx-no-endpoint"}'
    with exporting(driver) as url:
        before = scrape(url)
        stray = STRAY / UDP(dport=20980) / Raw(bytes(100))
        host.send(*[stray] * 23)
        eventually(lambda: scrape(url)[packets] == before[packets] + 23, "all are counted")
        after = scrape(url)
    received = 'aeron_dpdk_bytes_total{direction="rx",interface="dpdk0"}'
    assert after[drops] - before[drops] == 23
    assert after[received] - before[received] == 23 * len(stray)
    assert after["aeron_dpdk_up"] == after['aeron_dpdk_link_up{interface="dpdk0"}'] == 1
    assert after['aeron_dpdk_xstat_total{interface="dpdk0",name="rx_good_packets"}'] == after[packets]


def test_positions_of_a_stream_are_scraped(testbed: Testbed) -> None:
    channel = udp(testbed.ours.address, next_port(), term_length="64k")
    with exporting(testbed.ours) as url:
        subscriber = testbed.ours.client("subscribe", channel=channel, messages=31, min=500, max=500)
        subscriber.await_event("ready")
        publisher = testbed.peer.client("publish", channel=channel, messages=30, min=500, max=500)
        [sent] = publisher.finish()["publications"]
        sample = re.compile(
            rf'aeron_stream_position_bytes\{{.*position="sub-pos",session_id="{sent["session_id"]}"'
        )

        def position() -> list[float]:
            return [value for name, value in scrape(url).items() if sample.match(name)]

        eventually(lambda: position() == [sent["position"]], "the subscriber's position is the publisher's")


def test_totals_of_aeron_are_those_of_its_counters(testbed: Testbed) -> None:
    transfer(
        testbed.peer, testbed.ours, udp(testbed.ours.address, next_port()), messages=50, min=100, max=100
    )
    with exporting(testbed.ours) as url:

        def agree() -> bool:
            return scrape(url)["aeron_received_bytes_total"] == testbed.ours.counters().labelled(
                "Bytes received"
            )

        eventually(agree, "exporter and Aeron say the same")


def test_the_exporter_survives_the_driver(own_testbed: Testbed) -> None:
    with exporting(own_testbed.ours) as url:
        assert scrape(url)["aeron_dpdk_up"] == 1
        own_testbed.ours.kill()
        assert scrape(url) == {"aeron_dpdk_up": 0}
        own_testbed.start()
        eventually(lambda: scrape(url)["aeron_dpdk_up"] == 1, "the next driver is scraped")


def test_who_reads_that_it_serves_may_end_it_at_once(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    for _ in range(RACES):
        with exporting(driver):
            pass


def test_only_loopback_is_listened_on_unless_told_otherwise(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    assert "127.0.0.1:9465" in aeron_dpdk("export", driver, "--help").output
    with exporting(driver) as url:
        port = int(url.partition("127.0.0.1:")[2].partition("/")[0])
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize(
    "address", ["9465", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "203.0.113.9:0"]
)
def test_an_address_that_cannot_be_had_is_refused(quiet: tuple[DpdkDriver, Station], address: str) -> None:
    driver, _ = quiet
    outcome = aeron_dpdk("export", driver, f"--listen={address}")
    assert outcome.exit_code == ADDRESS
    assert address in outcome.complaint
