"""What the tools show of a driver on two networks, including IPv6."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.exporter import exporting, scrape
from tests.system.fixtures.terminal import terminal
from tests.system.fixtures.testbed import AF_PACKET, Maker, eventually, next_port, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.test_capture import capturing, read
from tests.system.test_telemetry import TellingDriver, ask

from aeron_dpdk.exit_code import ExitCode

pytestmark = pytest.mark.usefixtures("dpdk_only")

FURTHER, FAR = "10.95.0.1", "10.95.0.2"
GATEWAY = "10.95.0.254"  # no host has it
FURTHER6, FAR6 = "fd95::1", "fd95::2"
MEMORY = ("--no-huge", "--no-shconf", "-m", "512")


@dataclass(frozen=True)
class Place:
    """Our driver has two interfaces; `near` is a stock driver on the first network, `far` one on the
    second."""

    ours: DpdkDriver
    near: Driver
    far: Driver


@pytest.fixture(scope="module")
def place(maker: Maker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with (
        topology.straight("seen", is_ours_kernel=False) as wire,
        topology.namespaces("seen-far") as (namespace,),
    ):
        further = topology.End(wire.ours.namespace, "port1", "02:ad:00:00:05:01", FURTHER, is_kernel=False)
        peer = topology.End(namespace, "eth0", "02:ad:00:00:05:02", FAR)
        topology.join(further, peer)
        topology.take_ipv6(peer, f"{FAR6}/64")
        ours = TellingDriver(
            maker.installation,
            wire.ours,
            "seen-ours",
            settings={
                "RUNTIME_DIRECTORY": str(tmp_path_factory.mktemp("runtime")),
                "AERON_DPDK_1_LOCAL_IPV4_ADDRESS": further.cidr,
                "AERON_DPDK_1_GATEWAY_IPV4_ADDRESS": GATEWAY,
                "AERON_DPDK_1_LOCAL_IPV6_ADDRESS": f"{FURTHER6}/64",
            },
            device=AF_PACKET,
            further_devices=(f"net_af_packet1,iface={further.interface}",),
            memory=MEMORY,
        )
        made = Place(ours, maker.kernel(wire.peer, "seen-near"), maker.kernel(peer, "seen-far"))
        try:
            for driver in (made.ours, made.near, made.far):
                driver.start()
            transfer(made.near, ours, udp(ours.address, next_port()), messages=100, min=32, max=32)
            transfer(made.far, ours, udp(f"[{FURTHER6}]", next_port()), messages=300, min=32, max=32)
            yield made
        finally:
            for driver in (made.ours, made.near, made.far):
                driver.discard()


def test_the_ready_line_has_both(place: Place) -> None:
    line = next(each for each in place.ours.output.splitlines() if "is ready: " in each)
    assert f"port 0 (net_af_packet0), mtu 1500 and {FURTHER}/24, {FURTHER6}/64" in line
    assert "port 1 (net_af_packet1), mtu 1500, DEDICATED" in line


def test_status_has_the_facts_the_counts_and_the_neighbours_of_each(place: Place) -> None:
    seen = aeron_dpdk("status", place.ours, "--json").json
    first, second = seen["driver"]["interfaces"]
    assert (first["name"], first["port"]["name"]) == ("dpdk0", "net_af_packet0")
    assert (second["name"], second["port"]["name"]) == ("dpdk1", "net_af_packet1")
    assert second["address"] == {"local": FURTHER, "prefix_length": 24, "gateway": GATEWAY}
    assert f"{FURTHER6}/64" in second["ipv6"]["addresses"] and first["ipv6"] is None
    assert FAR6 in {each["address"] for each in second["neighbours"]}
    assert [own["traffic"]["rx-packets"] > 0 for own in seen["counts"]] == [True, True]
    assert seen["counts"][0]["traffic"] != seen["counts"][1]["traffic"]
    assert {each["name"] for each in first["mempools"]}.isdisjoint(
        each["name"] for each in second["mempools"]
    )


def test_a_scrape_labels_what_is_of_which(place: Place) -> None:
    with exporting(place.ours) as url:
        samples = scrape(url)
    for interface in ("dpdk0", "dpdk1"):
        assert samples[f'aeron_dpdk_link_up{{interface="{interface}"}}'] == 1
        assert samples[f'aeron_dpdk_packets_total{{direction="rx",interface="{interface}"}}'] > 0


@pytest.mark.parametrize(
    ("asked", "name"), [(("-i", "dpdk1"), "dpdk1"), (("-i", FURTHER), "dpdk1"), ((), "dpdk0")]
)
def test_a_capture_is_of_the_interface_that_is_named_or_of_the_first(
    place: Place, tmp_path: Path, asked: tuple[str, ...], name: str
) -> None:
    with capturing(place.ours, file := tmp_path / "frames.pcapng", *asked) as process:
        for source, address in ((place.near, place.ours.address), (place.far, FURTHER)):
            transfer(source, place.ours, udp(address, next_port()), messages=20, min=32, max=32)
    assert f"capturing on {name} " in process.output
    destinations = {frame["ip.dst"] for frame in read(file, "-Y", "udp")}
    wanted, other = (FURTHER, place.ours.address) if name == "dpdk1" else (place.ours.address, FURTHER)
    assert wanted in destinations and other not in destinations


def test_an_unknown_interface_is_refused_with_the_names_of_the_known_ones(place: Place) -> None:
    done = aeron_dpdk("capture", place.ours, "-i", "eth0", "-w", "/dev/null")
    assert done.exit_code == 33
    assert done.complaint == (
        "error: the driver refuses to capture (it has no interface eth0): name one of dpdk0, dpdk1 with -i.\n"
    )


def test_top_has_a_row_for_each(place: Place) -> None:
    with terminal(place.ours) as screen:
        for text in ("dpdk0 up", "dpdk1 up", FURTHER, "rx pps"):
            eventually(partial(screen.shows, text), f"{text} is shown")


def test_telemetry_has_the_endpoints_and_neighbours_of_each_and_of_ipv6(place: Place) -> None:
    ours = place.ours
    assert isinstance(ours, TellingDriver)
    port = next_port()
    subscriber = ours.client("subscribe", channel=udp(f"[{FURTHER6}]", port), messages=1)
    subscriber.await_event("ready")
    eventually(lambda: ask(ours, "/aeron/endpoints,0,1").get(f"ipv6_{port}") == "receiver", "it is polled")
    assert not any(str(port) in each for each in ask(ours, "/aeron/endpoints"))
    far_mac = place.far.end.mac
    assert f"{FAR6} {far_mac}" in ask(ours, "/aeron/neighbours,0,1")
    assert not any(each.startswith(FAR6) for each in ask(ours, "/aeron/neighbours"))
    assert ask(ours, "/aeron/counts,0,1")["rx_packets"] > 0
    for parameters in ("0,2", "0,99999999999", "0,-1", ",,,"):
        ask(ours, f"/aeron/counts,{parameters}")
    ours.reap()


def test_status_names_the_interface_of_a_problem(place: Place) -> None:
    """It is the last interface that has a problem: its gateway does not answer."""
    place.ours.client("publish", channel=udp("192.0.2.1", next_port()), messages=1)
    problem = f"dpdk1: the gateway {GATEWAY} does not answer ARP"
    eventually(lambda: problem in aeron_dpdk("status", place.ours).output, "it is told")
    seen = aeron_dpdk("status", place.ours)
    assert seen.exit_code == ExitCode.UNHEALTHY and "dpdk0: " not in seen.output
    place.ours.reap()
