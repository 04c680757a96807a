"""aeronmd_dpdk as a process: its name, how it stops and crashes, its threads, its user, its counters."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.namespace import run
from tests.system.fixtures.testbed import (
    AF_PACKET,
    Content,
    Maker,
    Testbed,
    eventually,
    next_port,
    transfer,
    udp,
)
from tests.system.fixtures.topology import Wire

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.machine.change.outside_setup import reserved_huge_pages

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
USER = "nobody"
EMBEDDED = Path(__file__).with_name("embedded_driver.py")
HUGE_PAGES_NEEDED = 96
SERVICE_TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
def module_wire(maker: Maker) -> Iterator[Wire]:
    with topology.straight("process", is_ours_kernel=maker.is_ours_kernel) as wire:
        yield wire


@pytest.fixture(scope="module")
def peer(maker: Maker, module_wire: Wire) -> Iterator[Driver]:
    driver = maker.kernel(module_wire.peer, "process-peer")
    driver.start()
    yield driver
    driver.discard()


@pytest.fixture
def ours(maker: Maker, module_wire: Wire, request: pytest.FixtureRequest) -> Iterator[Driver]:
    """Not yet started; a test may parametrise its settings."""
    driver = maker.ours(module_wire.ours, "process-ours", **getattr(request, "param", {}))
    yield driver
    driver.discard()


def cross_both_ways(ours: Driver, peer: Driver) -> None:
    for source, sink in ((ours, peer), (peer, ours)):
        transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def statuses(pid: int) -> list[dict[str, str]]:
    """/proc/PID/task/*/status of every thread."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status")]
    return [dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line) for text in texts]


MODES = ("DEDICATED", "SHARED_NETWORK", "SHARED", "INVOKER")


@pytest.mark.parametrize("ours", [{"AERON_THREADING_MODE": mode} for mode in MODES], indirect=True, ids=MODES)
def test_streams_cross_in_this_threading_mode(ours: Driver, peer: Driver) -> None:
    ours.start()
    assert ours.settings["AERON_THREADING_MODE"] in ours.output
    cross_both_ways(ours, peer)
    assert ours.stop() == ExitCode.OK


def test_a_service_manager_hears_ready_watchdog_and_stopping(
    maker: Maker, module_wire: Wire, tmp_path: Path
) -> None:
    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(place))
        systemd.settimeout(SERVICE_TIMEOUT_S)
        settings = {"NOTIFY_SOCKET": str(place), "WATCHDOG_USEC": "200000"}
        ours = maker.ours(module_wire.ours, "process-service", **settings)
        try:
            ours.start()
            assert [systemd.recv(64) for _ in range(3)] == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
            assert ours.stop() == ExitCode.OK
            assert (
                next(said for _ in range(1000) if (said := systemd.recv(64)) != b"WATCHDOG=1")
                == b"STOPPING=1"
            )
        finally:
            ours.discard()


def test_the_process_is_named_for_pgrep(ours: Driver) -> None:
    ours.start()
    assert Path(f"/proc/{ours.pid}/comm").read_text() == "aeronmd_dpdk\n"


def test_the_native_half_is_the_one_under_test(maker: Maker, ours: Driver) -> None:
    ours.start()
    maps = Path(f"/proc/{ours.pid}/maps").read_text()
    for library in ("_native", "lib/libaeron_driver.so"):
        assert f"{maker.installation.package}/{library}" in maps


def test_the_ready_line_says_what_runs_where(ours: Driver) -> None:
    ours.start()
    [line] = [line for line in ours.output.splitlines() if "is ready" in line]
    for said in (
        ours.address,
        ours.end.mac,
        "net_af_packet",
        "1500",
        "DEDICATED",
        str(ours.aeron_dir),
        "root",
    ):
        assert said in line


def test_a_killed_driver_can_be_started_again_at_once(ours: Driver, peer: Driver) -> None:
    ours.start()
    publisher = ours.client("publish", channel=udp(peer.address, next_port()), messages=10**9, patient=True)
    publisher.await_event("ready")
    ours.kill()
    ours.start()
    cross_both_ways(ours, peer)
    assert ours.stop() == ExitCode.OK


def cut(cnc: Path) -> None:
    os.truncate(cnc, 1 << 16)


def spoil_the_error_log(cnc: Path) -> None:
    with cnc.open("r+b") as file:
        buffers = struct.unpack_from("<5i", file.read(24), 4)
        file.seek(128 + buffers[0] - 128)  # the heartbeat: a driver that died long ago
        file.write(bytes(8))
        file.seek(128 + sum(buffers[:4]))
        file.write(struct.pack("<i", -7))  # aligns to 0: a reader that trusts it never advances


@pytest.mark.parametrize("spoil", [cut, spoil_the_error_log])
def test_a_spoiled_cnc_file_of_a_dead_driver_stops_no_start(
    ours: Driver, spoil: Callable[[Path], None]
) -> None:
    ours.settings = {"AERON_DIR_DELETE_ON_START": "0"}
    ours.start()
    ours.kill()
    spoil(ours.aeron_dir / "cnc.dat")
    ours.start()
    assert ours.stop() == ExitCode.OK


def test_a_killed_driver_leaves_no_huge_page_behind(maker: Maker, module_wire: Wire, peer: Driver) -> None:
    """The default: huge pages without names. Three starts, two of them after kill -9, with memory for only
    one."""
    with reserved_huge_pages(HUGE_PAGES_NEEDED) as are_reserved:
        if not are_reserved:
            pytest.skip(f"{HUGE_PAGES_NEEDED} huge pages of 2 MiB cannot be reserved")
        driver = maker.dpdk(module_wire.ours, AF_PACKET, "huge-ours", memory=())
        try:
            for _ in range(2):
                driver.start()
                [held] = {status["HugetlbPages"].strip() for status in statuses(driver.pid)}
                assert held != "0 kB"
                cross_both_ways(driver, peer)
                driver.kill()
            driver.start()
            assert driver.stop() == ExitCode.OK
        finally:
            driver.discard()


def test_a_driver_inside_another_python_program_carries_streams(
    maker: Maker, module_wire: Wire, peer: Driver
) -> None:
    driver = maker.dpdk(module_wire.ours, AF_PACKET, "embedded", program=(sys.executable, str(EMBEDDED)))
    try:
        driver.start()
        cross_both_ways(driver, peer)
        assert driver.stop() == 0
    finally:
        driver.discard()


@pytest.mark.parametrize(
    "ours", [{"AERON_DRIVER_TERMINATION_VALIDATOR": "allow"}], indirect=True, ids=["allowed"]
)
def test_a_client_may_ask_the_driver_to_stop(maker: Maker, ours: Driver) -> None:
    ours.start()
    run(str(maker.installation.programs / "terminate"), str(ours.aeron_dir))
    assert ours.process is not None
    assert ours.process.wait(20) == ExitCode.OK


def test_stopping_in_the_middle_of_traffic_is_orderly(ours: Driver, peer: Driver) -> None:
    ours.start()
    channel = udp(peer.address, next_port())
    subscriber = peer.client("subscribe", channel=channel, messages=10**9)
    subscriber.await_event("ready")
    publisher = ours.client("publish", channel=channel, messages=10**9)
    subscriber.await_event("receiving")
    publisher.await_event("connected")
    assert ours.stop() == ExitCode.OK, ours.output
    peer.reap()


def test_a_second_driver_leaves_the_directory_of_the_first_alone(
    maker: Maker, ours: Driver, peer: Driver
) -> None:
    ours.start()
    with topology.straight("second", is_ours_kernel=False) as wire:
        second = maker.ours(wire.ours, "process-ours", AERON_DIR_DELETE_ON_START="0")
        second.launch()
        assert second.process is not None
        assert second.process.wait(30) == ExitCode.DIRECTORY_IN_USE
        assert str(ours.aeron_dir) in second.output
    cross_both_ways(ours, peer)


@pytest.mark.parametrize(
    ("ours", "code", "words"),
    [
        ({"AERON_MTU_LENGTH": "16k"}, ExitCode.MTU, ("16384", "1500")),
        ({"AERON_DPDK_PORT_ID": "7"}, ExitCode.PORT, ("7",)),
        ({"AERON_DPDK_MTUU": "1500"}, ExitCode.SETTINGS, ("AERON_DPDK_MTUU", "AERON_DPDK_MTU?")),
        ({"AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.91.0.256"}, ExitCode.SETTINGS, ("10.91.0.256",)),
        ({"AERON_RCV_INITIAL_WINDOW_LENGTH": "512m"}, ExitCode.SOCKET_BUFFERS,
         ("net.core.rmem_max",)),
        ({"AERON_DPDK_USER": "no-such-user"}, ExitCode.PRIVILEGES, ("no-such-user",)),
    ],
    indirect=["ours"],
    ids=["mtu", "port", "misspelt", "address", "buffers", "user"],
)  # fmt: skip
def test_what_cannot_start_says_why_and_leaves_nothing(
    ours: Driver, code: ExitCode, words: tuple[str, ...]
) -> None:
    process = ours.launch()
    assert process.wait(30) == code, process.output
    for word in words:
        assert word in process.output
    assert "Traceback" not in process.output
    assert not ours.aeron_dir.exists()


@pytest.mark.parametrize("ours", [{"AERON_DPDK_USER": USER}], indirect=True, ids=["nobody"])
def test_no_root_is_left_once_it_runs_and_its_files_are_the_users(ours: Driver, peer: Driver) -> None:
    ours.start()
    [uid] = {path.stat().st_uid for path in [ours.aeron_dir, *ours.aeron_dir.rglob("*")]}
    assert uid != 0
    threads = statuses(ours.pid)
    assert len(threads) >= 4
    for status in threads:
        assert status["Uid"].split() == [str(uid)] * 4
        assert "0" not in status["Gid"].split()
        assert "0" not in status["Groups"].split()
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(status[capabilities], 16) == 0
    cross_both_ways(ours, peer)

    assert ours.process is not None
    subprocess.run(["kill", "-TERM", str(ours.pid)], user=USER, check=True)
    assert ours.process.wait(20) == ExitCode.OK


# aeron_counters.h: port info, no buffers, TX again, error, packets, bytes, missed, ARP miss, sender discard,
# queue drop, checksum, fragments, mempool, ethernet type, protocol, receiver discard.
TYPE_IDS = (75, 77, 78, 79, 82, 83, 84, 85, 86, 88, 89, 90, 91, 93, 94, 95)


def test_every_reserved_kind_of_counter_is_there(testbed: Testbed) -> None:
    snapshot = testbed.ours.counters()
    assert [type_id for type_id in TYPE_IDS if not snapshot.of_type(type_id)] == []


def test_packets_and_bytes_are_counted(testbed: Testbed) -> None:
    def counted() -> dict[str, int]:
        snapshot = testbed.ours.counters()
        return {f"{way}-{what}": snapshot.labelled(f"dpdk-{way}-{what}")
                for way in ("rx", "tx") for what in ("packets", "bytes")}  # fmt: skip

    before = counted()
    sent = transfer(
        testbed.ours, testbed.peer, udp(testbed.peer.address, next_port()), messages=300, min=1000, max=1000
    )
    eventually(lambda: counted()["tx-bytes"] - before["tx-bytes"] >= sent.bytes, "bytes sent are counted")
    after = counted()
    assert after["tx-packets"] > before["tx-packets"]
    assert after["rx-packets"] > before["rx-packets"]
    assert after["rx-bytes"] > before["rx-bytes"]


def test_no_aeron_error_is_logged_in_ordinary_traffic(ours: Driver, peer: Driver) -> None:
    ours.start()
    cross_both_ways(ours, peer)
    transfer(ours, ours, udp(ours.address, next_port()), **CONTENT)
    assert ours.counters().errors == ()


def test_control_plane_answers_while_traffic_runs(ours: Driver, peer: Driver) -> None:
    ours.start()
    channel = udp(peer.address, next_port())
    subscriber = peer.client("subscribe", channel=channel, messages=10**9)
    subscriber.await_event("ready")
    ours.client("publish", channel=channel, messages=10**9, min=1000, max=1000)
    subscriber.await_event("receiving")
    said = peer.end.namespace.run("ping", "-c", "5", "-i", "0.2", "-w", "20", ours.address)
    peer.reap()
    assert " 5 received" in said
