"""DPDK's telemetry socket: `dpdk-telemetry.py` sees our driver, and our own commands are answered."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually, next_port, udp
from tests.system.fixtures.tool import aeron_dpdk

pytestmark = pytest.mark.usefixtures("dpdk_only")

ANSWER_BYTES = 16384
NONSENSE = (
    b"/aeron/counts,%s%n%s%n",
    b"/aeron/endpoints,-99999999999999999999",
    b"/aeron/neighbours,99999999999999999999",
    b"/aeron/neighbours," + b"9" * 1000,
    b"\0" * 100,
    b"\xff" * 2000,
    b",,,,",
    b"/",
    b"/nothing/of/the/kind,0",
    b"/ethdev/stats,77",
)
PEER = "10.91.0.2"
TO_US = Ether(src="02:ad:00:00:00:02", dst="02:ad:00:00:00:01") / IP(src=PEER, dst="10.91.0.1")


@dataclass
class TellingDriver(DpdkDriver):
    """A driver that runs without --no-telemetry."""

    def command(self) -> list[str]:
        return [word for word in super().command() if word != "--no-telemetry"]


@pytest.fixture(scope="module")
def telling(
    maker: Maker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TellingDriver, Station]]:
    with topology.straight("telling", is_ours_kernel=False) as wire:
        settings = {"RUNTIME_DIRECTORY": str(tmp_path_factory.mktemp("runtime"))}
        ours = TellingDriver(
            maker.installation, wire.ours, "telling-ours", settings=settings, device=AF_PACKET
        )
        try:
            ours.start()
            with station(wire.peer) as host:
                yield ours, host
        finally:
            ours.discard()


def socket_of(driver: TellingDriver) -> Path:
    return next(Path(driver.settings["RUNTIME_DIRECTORY"]).rglob("dpdk_telemetry.v2"))


def ask(driver: TellingDriver, command: str) -> Any:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.settimeout(20)
        connection.connect(str(socket_of(driver)))
        assert json.loads(connection.recv(ANSWER_BYTES))["pid"] == driver.pid
        connection.send(command.encode())
        return json.loads(connection.recv(ANSWER_BYTES))[command.partition(",")[0]]


def test_counts_are_what_was_sent(telling: tuple[TellingDriver, Station]) -> None:
    driver, host = telling
    before = ask(driver, "/aeron/counts")
    host.send(*[TO_US / UDP(dport=20960)] * 13)
    host.send(*[TO_US / UDP(dport=20960, chksum=0x1234)] * 5)
    eventually(lambda: ask(driver, "/aeron/counts")["rx_packets"] == before["rx_packets"] + 18, "they came")
    after = ask(driver, "/aeron/counts")
    assert after["rx_no_endpoint"] - before["rx_no_endpoint"] == 13
    assert after["rx_udp_checksum"] - before["rx_udp_checksum"] == 5


def test_endpoints_are_the_ports_that_clients_opened(telling: tuple[TellingDriver, Station]) -> None:
    driver, _ = telling
    assert ask(driver, "/aeron/endpoints") == {}
    ports = sorted(next_port() for _ in range(3))
    channels = [udp(driver.address, port) for port in ports]
    subscriber = driver.client("subscribe", channel=channels, messages=1)
    subscriber.await_event("ready")
    eventually(
        lambda: ask(driver, "/aeron/endpoints") == {str(port): "receiver" for port in ports}, "all are polled"
    )
    assert list(ask(driver, "/aeron/endpoints,1")) == [str(port) for port in ports[1:]]
    assert ask(driver, "/aeron/endpoints,nonsense") == ask(driver, "/aeron/endpoints,-5")
    driver.reap()


def test_neighbours_are_those_that_answered(telling: tuple[TellingDriver, Station]) -> None:
    driver, _ = telling
    assert ask(driver, "/aeron/neighbours") == []
    driver.client("publish", channel=udp(PEER, next_port()), messages=1)
    eventually(lambda: ask(driver, "/aeron/neighbours") == [f"{PEER} 02:ad:00:00:00:02"], "it answered")
    driver.reap()


def test_status_says_of_the_port_what_dpdk_says(telling: tuple[TellingDriver, Station]) -> None:
    driver, _ = telling
    info, link = ask(driver, "/ethdev/info,0"), ask(driver, "/ethdev/link_status,0")
    seen = aeron_dpdk("status", driver, "--json").json["driver"]["interfaces"][0]
    port = seen["port"]
    assert (port["name"], port["mac"]) == (info["name"], info["mac_addr"].lower())
    assert port["mtu"] == info["mtu"]
    assert (port["rx_queues"], port["tx_queues"]) == (info["nb_rx_queues"], info["nb_tx_queues"])
    assert (port["is_up"], port["speed_mbps"], port["is_full_duplex"]) == (
        link["status"] == "UP", link["speed"], link["duplex"] == "full-duplex"
    )  # fmt: skip
    sizes = {name: ask(driver, f"/mempool/info,{name}")["size"] for name in ask(driver, "/mempool/list")}
    assert {each["name"]: each["capacity"] for each in seen["mempools"]} == sizes


def test_nothing_said_on_it_keeps_the_driver_from_its_work(telling: tuple[TellingDriver, Station]) -> None:
    driver, host = telling
    with contextlib.ExitStack() as stack:
        for number, request in enumerate(NONSENSE * 3):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET))
            connection.settimeout(5)
            with contextlib.suppress(OSError):  # DPDK serves ten at a time and disconnects the rest
                connection.connect(str(socket_of(driver)))
                connection.send(request)
                if number % 2:
                    connection.close()  # without waiting for the answer
    host.drain()
    host.send(TO_US / ICMP(id=78) / Raw(b"are you there?"))
    assert host.await_frame(lambda packet: ICMP in packet and packet[ICMP].type == 0) is not None
    eventually(lambda: answers(driver), "the idle ones were let go")
    assert ask(driver, "/aeron/endpoints,99999999999999999999") == ask(driver, "/aeron/endpoints")


def answers(driver: TellingDriver) -> bool:
    try:
        return bool(ask(driver, "/aeron/counts"))
    except (OSError, ValueError):  # disconnected
        return False


def test_dpdks_own_tool_sees_the_port(telling: tuple[TellingDriver, Station]) -> None:
    driver, _ = telling
    tool = shutil.which("dpdk-telemetry.py")
    if tool is None:
        pytest.skip("not installed: dpdk-telemetry.py")
    prefix = socket_of(driver).parent.name
    environment = {**os.environ, "RUNTIME_DIRECTORY": driver.settings["RUNTIME_DIRECTORY"]}
    done = subprocess.run(
        [tool, "-f", prefix], input="/ethdev/list\n/aeron/counts\n", env=environment,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"/ethdev/list": [0]' in done.stdout
    assert '"rx_packets": ' in done.stdout
