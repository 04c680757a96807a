"""`aeron-dpdk status`: each number against an independent one, the exit code, and limits on what others
may ask."""

import contextlib
import json
import os
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, eventually, next_port, udp
from tests.system.fixtures.tool import PROGRAM, aeron_dpdk

pytestmark = pytest.mark.usefixtures("dpdk_only")

UNHEALTHY, NO_DRIVER, NOT_ANSWERING = 30, 31, 32
PEER_MAC = "02:ad:00:00:00:02"
TO_US = Ether(src=PEER_MAC, dst="02:ad:00:00:00:01") / IP(src="10.91.0.2", dst="10.91.0.1")
NOBODY = 65534
THIRD = "10.91.0.3"  # a host that only the test simulates


def status(driver: Driver) -> Any:
    return aeron_dpdk("status", driver, "--json").json


def counts(driver: Driver) -> Any:
    """The counts of its only interface."""
    [own] = status(driver)["counts"]
    return own


@pytest.fixture(scope="module")
def quiet(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone on the wire, with a gateway that does not exist."""
    with topology.straight("status", is_ours_kernel=False) as wire:
        settings = {"AERON_DPDK_GATEWAY_IPV4_ADDRESS": "10.91.0.254"}
        ours = maker.dpdk(wire.ours, AF_PACKET, "status-ours", settings=settings)
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def test_the_driver_tells_what_it_was_started_with(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    seen = status(driver)
    assert seen["problems"] == []
    assert seen["driver"]["pid"] == driver.pid == driver.counters().pid
    assert (seen["driver"]["uid"], seen["driver"]["gid"]) == (os.geteuid(), os.getegid())
    assert 0 < seen["driver"]["uptime_ms"] < age_ms(driver.pid)
    assert seen["driver"]["threading_mode"] == "DEDICATED"
    assert seen["driver"]["interfaces"][0]["address"] == {
        "local": driver.address, "prefix_length": 24, "gateway": "10.91.0.254"
    }  # fmt: skip
    port = seen["driver"]["interfaces"][0]["port"]
    assert (port["driver"], port["mac"], port["mtu"]) == ("net_af_packet", driver.end.mac, 1500)
    assert port["is_up"]


def test_the_report_for_support_has_the_running_driver_in_it(
    quiet: tuple[DpdkDriver, Station], tmp_path: Path
) -> None:
    driver, _ = quiet
    archive = tmp_path / "report.tar.gz"
    assert aeron_dpdk("report", driver, "-w", str(archive)).exit_code == 0
    with tarfile.open(archive) as opened:
        texts = {name: opened.extractfile(f"report/{name}") for name in ("status.json", "counters.txt")}
        status_json, counters = (file.read().decode() for file in texts.values() if file is not None)
    assert json.loads(status_json)["driver"]["pid"] == driver.pid
    assert f"pid {driver.pid}" in counters and "Bytes sent" in counters


def age_ms(pid: int) -> float:
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return 1000 * (time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"))


def test_every_thread_is_shown_with_the_cpus_it_may_run_on(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    shown = {each["id"]: each for each in status(driver)["threads"]}
    assert shown.keys() == {int(task.name) for task in Path(f"/proc/{driver.pid}/task").iterdir()}
    for task, thread in shown.items():
        listed = Path(f"/proc/{driver.pid}/task/{task}/status").read_text()
        assert f"\nCpus_allowed_list:\t{thread['cpus']}\n" in listed
    assert {"sender", "receiver", "conductor"} <= {each["name"] for each in shown.values()}


def test_the_longest_cycles_are_aerons(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet

    def agree() -> bool:  # the two are read one after the other, and may grow in between
        cycles, counters = status(driver)["longest_cycles_ns"], driver.counters()
        return all(
            cycles[role.lower()] == counters.labelled(f"{role} max cycle time")
            for role in ("Conductor", "Sender", "Receiver")
        )

    eventually(agree, "status and Aeron's counters say the same")


def test_drops_are_shown_by_name_with_their_number(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    before = counts(driver)
    host.send(*[TO_US / UDP(dport=20993) / Raw(bytes(30))] * 11)
    host.send(*[TO_US / UDP(dport=20993, chksum=0x1234) / Raw(bytes(30))] * 7)

    def grown() -> dict[str, int]:
        now = counts(driver)["drops"]
        return {name: now[name] - before["drops"][name] for name in now}

    eventually(lambda: sum(grown().values()) >= 18, "all are counted")
    assert {name: n for name, n in grown().items() if n} == {"rx-no-endpoint": 11, "rx-udp-checksum": 7}
    assert counts(driver)["traffic"]["rx-packets"] == before["traffic"]["rx-packets"] + 18


def test_what_leaves_is_what_arrives_at_the_other_end(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet

    def agree() -> bool:  # except for the driver's own ARP between draining and looking
        host.drain()
        before = counts(driver)
        host.send(*[TO_US / ICMP(id=5, seq=number) / Raw(bytes(40)) for number in range(9)])
        arrived = [packet for packet in host.received(0.5) if packet.src == driver.end.mac]
        now = counts(driver)
        sent = {name: now["traffic"][name] - before["traffic"][name] for name in ("tx-packets", "tx-bytes")}
        replies = now["events"]["icmp-echo-replies"] - before["events"]["icmp-echo-replies"]
        frames_and_bytes = {"tx-packets": len(arrived), "tx-bytes": sum(map(len, arrived))}
        return sum(ICMP in packet for packet in arrived) == replies == 9 and sent == frames_and_bytes

    eventually(agree, "as many frames and bytes arrive as were sent")


def test_neighbours_are_shown_with_state_and_age(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    assert neighbour(driver, THIRD) is None
    publisher = driver.client("publish", channel=udp(THIRD, next_port()), messages=1)
    asked = host.await_frame(lambda packet: ARP in packet and packet[ARP].pdst == THIRD)
    assert asked is not None
    waiting = neighbour(driver, THIRD)
    assert waiting is not None
    assert (waiting["state"], waiting["mac"], waiting["confirmed_ms"]) == ("incomplete", None, None)
    assert waiting["waiting_frames"] > 0
    reply = ARP(op=2, hwsrc=PEER_MAC, psrc=THIRD, hwdst=asked[ARP].hwsrc, pdst=asked[ARP].psrc)
    host.send(Ether(src=PEER_MAC, dst=asked[ARP].hwsrc) / reply)
    eventually(lambda: state(driver, THIRD) == "reachable", "the answer was taken")
    first = neighbour(driver, THIRD)
    time.sleep(0.2)  # a view is a tenth of a second old at most
    second = neighbour(driver, THIRD)
    assert first is not None and second is not None
    assert first["mac"] == PEER_MAC
    assert first["confirmed_ms"] < second["confirmed_ms"]
    publisher.kill()


def neighbour(driver: DpdkDriver, ipv4: str) -> Any:
    return next(
        (each for each in status(driver)["driver"]["interfaces"][0]["neighbours"] if each["address"] == ipv4),
        None,
    )


def state(driver: DpdkDriver, ipv4: str) -> str | None:
    found = neighbour(driver, ipv4)
    return None if found is None else found["state"]


def test_channels_streams_and_endpoints_are_those_the_clients_opened(testbed: Testbed) -> None:
    channel = udp(testbed.ours.address, port := next_port(), term_length="64k")
    subscriber = testbed.ours.client("subscribe", channel=channel, messages=41, min=1000, max=1000)
    subscriber.await_event("ready")
    publisher = testbed.peer.client("publish", channel=channel, messages=40, min=1000, max=1000)
    [sent] = publisher.finish()["publications"]

    def stream() -> Any:
        shown = [each for each in status(testbed.ours)["streams"] if each["session_id"] == sent["session_id"]]
        return shown[0]["positions"]["rcv-pos"] if shown else None

    eventually(lambda: stream() == sent["position"], "the receiver's position is the publisher's")
    seen = status(testbed.ours)
    [ours] = [each for each in seen["channels"] if each["uri"] == channel]
    assert (ours["direction"], ours["state"]) == ("receive", "active")
    assert ours["addresses"] == [f"{testbed.ours.address}:{port}"]
    assert {"port": port, "polled_by": "receiver", "is_ipv6": False} in seen["driver"]["interfaces"][0][
        "endpoints"
    ]


def test_a_gateway_that_does_not_answer_is_a_problem(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    publisher = driver.client("publish", channel=udp("10.99.0.1", next_port()), messages=1)
    eventually(lambda: aeron_dpdk("status", driver).exit_code == UNHEALTHY, "the gateway is missed")
    assert "the gateway 10.91.0.254 does not answer ARP" in aeron_dpdk("status", driver).output
    publisher.kill()
    eventually(lambda: aeron_dpdk("status", driver).exit_code == 0, "it is not wanted any more")


def test_a_link_that_is_down_is_a_problem(maker: Maker, wire: topology.Wire, tmp_path: Path) -> None:
    device = f"net_memif0,role={{role}},socket={tmp_path}/memif,socket-abstract=no"
    server = maker.dpdk(wire.ours, device.format(role="server"), "memif-server")
    client = maker.dpdk(wire.peer, device.format(role="client"), "memif-client")
    try:
        server.start()
        assert aeron_dpdk("status", server).exit_code == UNHEALTHY
        assert "the link is down" in aeron_dpdk("status", server).output
        client.start()
        eventually(lambda: aeron_dpdk("status", server).exit_code == 0, "a memif is up with both its ends")
    finally:
        server.discard()
        client.discard()


def test_a_driver_that_was_killed_is_not_healthy(own_testbed: Testbed) -> None:
    own_testbed.ours.kill()
    assert aeron_dpdk("status", own_testbed.ours).exit_code == NOT_ANSWERING
    own_testbed.start()
    eventually(lambda: aeron_dpdk("status", own_testbed.ours).exit_code == 0, "its successor has the socket")


def test_a_stock_driver_is_told_from_a_healthy_one(testbed: Testbed) -> None:
    outcome = aeron_dpdk("status", testbed.peer)
    assert outcome.exit_code == NOT_ANSWERING
    assert "counters" in outcome.complaint


def test_the_socket_goes_with_the_driver(own_testbed: Testbed) -> None:
    path = own_testbed.ours.aeron_dir / "dpdk.sock"
    assert path.is_socket()
    assert path.stat().st_mode & 0o777 == 0o660
    own_testbed.ours.stop()
    assert not path.exists()


def test_a_stranger_may_not_ask(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    ask = f"import socket; socket.socket(socket.AF_UNIX).connect('{driver.aeron_dir}/dpdk.sock')"
    done = subprocess.run(
        [*command, "/usr/bin/python3", "-c", ask], capture_output=True, text=True, check=False
    )
    assert "PermissionError" in done.stderr


def test_nothing_said_on_the_socket_keeps_the_driver_from_its_work(
    quiet: tuple[DpdkDriver, Station],
) -> None:
    driver, host = quiet
    rude = b"\x00\xff{[" * 50_000
    with contextlib.ExitStack() as stack:
        for number in range(30):
            connection = stack.enter_context(socket.socket(socket.AF_UNIX))
            connection.settimeout(0.2)
            with contextlib.suppress(OSError):  # the later ones find no room, or the driver disconnects them
                connection.connect(f"{driver.aeron_dir}/dpdk.sock")
                connection.sendall((b"", rude, b'{"request": "view"}\n', b"[" * 100_000 + b"\n")[number % 4])
        host.drain()
        host.send(TO_US / ICMP(id=77) / Raw(b"are you there?"))
        assert host.await_frame(lambda packet: ICMP in packet and packet[ICMP].type == 0) is not None
        eventually(lambda: aeron_dpdk("status", driver).exit_code == 0, "they were hung up on")
    assert counts(driver)["events"]["control-errors"] == 0


def test_status_fits_a_terminal_of_80_columns(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    command = [str(PROGRAM), "status", f"--aeron-dir={driver.aeron_dir}"]
    environment = {**os.environ, "COLUMNS": "80"}
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
    assert max(map(len, text.splitlines())) <= 80
    assert f"aeronmd_dpdk 0.1.0, pid {driver.pid}, up " in text


def test_json_has_everything_on_one_line(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    output = aeron_dpdk("status", driver, "--json").output
    assert output.count("\n") == 1
    assert {"driver", "threads", "channels", "streams", "counts", "errors"} <= json.loads(output).keys()
