"""The log of a running driver: one place for everybody's lines, and none written per packet."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually, next_port, udp

pytestmark = pytest.mark.usefixtures("dpdk_only")

TO_US = Ether(src="02:ad:00:00:00:02", dst="02:ad:00:00:00:01") / IP(src="10.91.0.2", dst="10.91.0.1")


def json_driver(maker: Maker, wire: topology.Wire, **settings: str) -> DpdkDriver:
    return maker.dpdk(
        wire.ours, AF_PACKET, "logs-ours", settings={"AERON_DPDK_LOG_FORMAT": "json", **settings}
    )


def told(driver: DpdkDriver) -> list[dict[str, Any]]:
    """What it logged: every line except the ready line on stdout is a JSON object."""
    lines = driver.output.splitlines()
    return [json.loads(line) for line in lines if not line.startswith("aeronmd_dpdk is ready")]


def test_the_eals_aerons_and_our_lines_go_through_one_door(maker: Maker, wire: topology.Wire) -> None:
    driver = json_driver(maker, wire, AERON_RCV_STATUS_MESSAGE_TIMEOUT="nonsense")
    driver.start()
    client = driver.client("publish", channel="aeron:udp?endpoint=nowhere.invalid:20950", messages=1)
    eventually(lambda: any("nowhere.invalid" in line["message"] for line in told(driver)), "Aeron's error")
    assert driver.stop() == 0
    lines = told(driver)
    by_logger = Counter(line["logger"] for line in lines)
    assert by_logger["dpdk"] > 0
    assert any("Detected CPU lcores" in line["message"] for line in lines if line["logger"] == "dpdk")
    [warning] = [line for line in lines if "AERON_RCV_STATUS_MESSAGE_TIMEOUT" in line["message"]]
    assert (warning["logger"], warning["level"]) == ("aeron", "WARNING")
    [error] = [line for line in lines if "nowhere.invalid" in line["message"]]
    assert (error["logger"], error["level"]) == ("aeron", "ERROR")
    assert lines[-1]["message"] == "stopping"
    client.kill()
    driver.discard()


def test_no_packet_writes_a_line(maker: Maker, wire: topology.Wire) -> None:
    driver = json_driver(maker, wire)
    driver.start()
    before = len(told(driver))
    with station(wire.peer) as host:
        host.send(*[TO_US / UDP(dport=20951)] * 200)
        host.send(*[TO_US / UDP(dport=20951, chksum=0x1234)] * 200)
        eventually(lambda: driver.counters().labelled("dpdk-rx-packets") >= 400, "all came")
    assert len(told(driver)) == before
    driver.client("publish", channel=udp("10.91.0.77", next_port()), messages=1)
    eventually(lambda: driver.counters().labelled("dpdk-arp-failed") >= 2, "nobody answers, again and again")
    silent = [line for line in told(driver) if "nobody answers ARP for 10.91.0.77" in line["message"]]
    assert len(silent) == 1
    driver.discard()


def test_a_failed_start_is_told_in_the_same_format(maker: Maker, wire: topology.Wire) -> None:
    driver = json_driver(maker, wire)
    failing = replace(driver, device="net_nonsense0")
    process = failing.launch()
    assert process.wait(40) != 0
    last = told(failing)[-1]
    assert last["level"] == "CRITICAL"
    assert "DPDK's EAL did not start" in last["message"]
