"""`aeron-dpdk aws verify` on a driver without clients: what it asks, and what it concludes from silence."""

import subprocess
import time
from collections.abc import Iterator

import pytest
from scapy.layers.inet import UDP
from scapy.layers.l2 import ARP, Ether
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, next_port, udp
from tests.system.fixtures.tool import PROGRAM, TIMEOUT_S

pytestmark = pytest.mark.usefixtures("dpdk_only")

FAILURES = 21
GATEWAY = "10.91.0.254"
GATEWAY_MAC = "02:ad:00:00:00:fe"


@pytest.fixture
def idle(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    with topology.straight("verify", is_ours_kernel=False) as wire:
        settings = {"AERON_DPDK_GATEWAY_IPV4_ADDRESS": GATEWAY}
        ours = maker.dpdk(wire.ours, AF_PACKET, "verify-ours", settings=settings)
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def answer_arp(host: Station) -> None:
    asked = host.await_frame(lambda packet: ARP in packet and packet[ARP].pdst == GATEWAY)
    assert asked is not None
    reply = ARP(op=2, hwsrc=GATEWAY_MAC, psrc=GATEWAY, hwdst=asked[ARP].hwsrc, pdst=asked[ARP].psrc)
    host.send(Ether(src=GATEWAY_MAC, dst=asked[ARP].hwsrc) / reply)


def verify(driver: DpdkDriver) -> subprocess.Popen[str]:
    command = [str(PROGRAM), "aws", "verify", "--aeron-dir", str(driver.aeron_dir)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_driver_just_started_is_not_told_that_its_security_group_is_closed(
    idle: tuple[DpdkDriver, Station],
) -> None:
    driver, host = idle
    asking = verify(driver)
    answer_arp(host)
    said, _ = asking.communicate(timeout=TIMEOUT_S)
    assert asking.returncode == 0, said
    assert f"PASS aws.arp: the gateway {GATEWAY} answers" in said
    assert "NOTE aws.traffic: no datagram was sent or received yet" in said


def test_a_gateway_that_is_silent_and_datagrams_without_an_answer_are_failures(
    idle: tuple[DpdkDriver, Station],
) -> None:
    driver, host = idle
    asking = verify(driver)
    said, _ = asking.communicate(timeout=TIMEOUT_S)
    assert asking.returncode == FAILURES and f"FAIL aws.arp: the gateway {GATEWAY} does not answer" in said
    host.drain()
    publisher = driver.client("publish", channel=udp("10.99.0.1", next_port()), messages=1)
    answer_arp(host)
    assert host.await_frame(lambda packet: UDP in packet) is not None
    time.sleep(0.3)  # counts are written ten times a second
    host.drain()
    asking = verify(driver)
    answer_arp(host)
    said, _ = asking.communicate(timeout=TIMEOUT_S)
    publisher.kill()
    assert f"PASS aws.arp: the gateway {GATEWAY} answers" in said
    assert "FAIL aws.traffic" in said and "security group" in said
