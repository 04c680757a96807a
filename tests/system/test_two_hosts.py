"""`aeron-dpdk ping` and `aeron-dpdk pong` between two drivers, one of which is stock."""

import json
import subprocess
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import Testbed, next_port
from tests.system.fixtures.tool import PROGRAM
from tests.system.fixtures.topology import End
from tests.system.fixtures.two_hosts import LENGTH, PING_TIMEOUT_S, QUICK, ping, pong_beside

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.tools.hosts.aeron_link import AeronLink
from aeron_dpdk.tools.hosts.request import FIRST_STREAM_ID, Place, Request
from aeron_dpdk.tools.measure.job import Phase, PhaseKind, Role


def test_ping_measures_and_pong_answers(flow: tuple[Driver, Driver], tmp_path: Path) -> None:
    near, far = flow
    places = {name: tmp_path / f"ping.{name}" for name in ("json", "html", "hgrm")}
    with pong_beside(far, "--address", far.address) as pong:
        done = ping(near, far.address, *QUICK, *(f"--{name}={place}" for name, place in places.items()))
        assert done.returncode == 0, done.stderr + pong.output
        assert pong.terminate() == ExitCode.OK, pong.output

    measured: list[Any] = json.loads(places["json"].read_text())["measured"]
    assert [(each["kind"], each["rate"]) for each in measured] == [("echo", 0), ("echo", 200), ("one-way", 0)]
    for echo in measured[:2]:
        found = echo["round_trips"]
        assert found["count"] > 0
        assert 0 < found["p50_ns"] <= found["p99_ns"] <= found["max_ns"]
    assert measured[2]["messages_per_second"][0] > 0
    assert f"{LENGTH:,} B, ping-pong" in done.stdout
    assert "<svg" in places["html"].read_text()
    assert "#[Max" in places["hgrm"].read_text()


@pytest.mark.usefixtures("dpdk_only")
def test_the_kernel_beside_it_is_measured_in_turn_and_compared(testbed: Testbed, tmp_path: Path) -> None:
    """A stock driver is at both ends of the kernel's route, and at the far end of ours."""
    place = tmp_path / "ping.json"
    with pong_beside(testbed.peer, "--address", testbed.peer.address) as pong:
        done = ping(
            testbed.ours,
            testbed.peer.address,
            *QUICK,
            f"--json={place}",
            f"--kernel-dir={testbed.peer.aeron_dir}",
            f"--kernel-address={testbed.peer.address}",
            end=testbed.peer.end,
        )
        assert done.returncode == 0, done.stderr + pong.output
    found = json.loads(place.read_text())
    assert [each["route"] for each in found["measured"]] == ["direct", "kernel"] * 3
    assert "DPDK against the kernel" in done.stdout


def test_a_ping_that_nobody_answers_says_so(testbed: Testbed) -> None:
    done = ping(testbed.ours, testbed.peer.address, *QUICK, "--port=29999")
    assert done.returncode != 0
    assert "gave up after 10 s of waiting for a subscriber on the other side" in done.stderr


@pytest.mark.parametrize("kind", PhaseKind)
@pytest.mark.parametrize("role", Role)
def test_a_measurement_that_is_stopped_says_that_and_no_error_of_aerons(
    testbed: Testbed, role: Role, kind: PhaseKind
) -> None:
    place = Place(IPv4Address(testbed.peer.address), next_port())
    request = Request(place, FIRST_STREAM_ID, Phase(kind, LENGTH), 0, 10**9)
    with AeronLink(testbed.ours.aeron_dir, role) as link:
        link.stop()
        with pytest.raises(LoadError, match="the load was stopped"):
            link.run(request, place)


def without_aeron(end: End, command: str, *arguments: str) -> tuple[str, ...]:
    """`ping --floor` or `pong --floor` on a DPDK port, with the arguments that a driver would get."""
    device = ("--no-huge", "-m", "256", "--no-pci", f"--vdev=net_af_packet0,iface={end.interface}")
    settings = f"AERON_DPDK_LOCAL_IPV4_ADDRESS={end.cidr}"
    return end.namespace.command("env", settings, str(PROGRAM), command, *arguments, "--floor", "--", *device)


@pytest.fixture
def direct_wire() -> Iterator[topology.Wire]:
    """A wire on which neither end's address is the kernel's."""
    with topology.straight("floor", is_ours_kernel=False, is_peer_kernel=False) as made:
        yield made


@pytest.mark.usefixtures("dpdk_only")
def test_the_floor_between_two_ports_is_measured_without_a_driver(
    direct_wire: topology.Wire, tmp_path: Path
) -> None:
    near, far = direct_wire.ours, direct_wire.peer
    place = tmp_path / "floor.json"
    pong = ChildProcess(without_aeron(far, "pong"))
    try:
        command = without_aeron(near, "ping", far.address, *QUICK, f"--json={place}")
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PING_TIMEOUT_S)
        assert done.returncode == 0, done.stderr + pong.output
        assert pong.terminate() == ExitCode.OK, pong.output
    finally:
        pong.kill()
    measured: list[Any] = json.loads(place.read_text())["measured"]
    assert [(each["route"], each["kind"], each["rate"]) for each in measured] == [
        ("floor", "echo", 0),
        ("floor", "one-way", 0),
    ]
    assert measured[0]["round_trips"]["count"] > 0
    assert measured[1]["messages_per_second"][0] > 0
    assert (measured[1]["retransmits"], measured[1]["naks"]) == (0, 0)


@pytest.mark.usefixtures("dpdk_only")
def test_a_floor_that_nobody_answers_says_whose_mac_is_missing(direct_wire: topology.Wire) -> None:
    command = without_aeron(direct_wire.ours, "ping", direct_wire.peer.address, *QUICK)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PING_TIMEOUT_S)
    assert done.returncode == ExitCode.DRIVER
    assert f"{direct_wire.peer.address} does not answer ARP" in done.stderr
