"""`aeron-dpdk capture`: tshark can read it, it contains every frame once, and it delays nobody."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections import Counter
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
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, eventually, next_port, transfer, udp
from tests.system.fixtures.tool import PROGRAM, aeron_dpdk

pytestmark = pytest.mark.usefixtures("dpdk_only", "tshark")

OUR_MAC, PEER_MAC = "02:ad:00:00:00:01", "02:ad:00:00:00:02"
TO_US = Ether(src=PEER_MAC, dst=OUR_MAC) / IP(src="10.91.0.2", dst="10.91.0.1")
CAPTURE_REFUSED, OUTPUT = 33, 36
BOUNDS = {"-c", "-c3", "--s"}
FIELDS = (
    "frame.time_epoch", "frame.comment", "frame.len", "frame.cap_len", "frame.interface_name",
    "frame.packet_flags_direction", "frame.protocols", "aeron.data.term_offset", "ip.dst",
)  # fmt: skip


@pytest.fixture(scope="module")
def tshark() -> None:
    try:
        subprocess.run(["tshark", "--version"], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("not installed: tshark")


@pytest.fixture(scope="module")
def quiet(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone on its wire."""
    with topology.straight("capture", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_PACKET, "capture-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


@contextlib.contextmanager
def capturing(driver: Driver, file: Path, *arguments: str) -> Iterator[ChildProcess]:
    """A running capture, until its bounds or the end of the block."""
    command = [str(PROGRAM), "capture", f"--aeron-dir={driver.aeron_dir}", "-w", str(file), *arguments]
    process = ChildProcess(command)
    line = process.next_line(30)
    assert line is not None and line.startswith("capturing on dpdk"), process.output
    try:
        yield process
        if not BOUNDS.intersection(word[:3] for word in arguments):
            process.ask_to_stop()
        assert process.wait(30) == 0, process.output
    finally:
        if process.is_running:
            process.kill()


def read(file: Path, *arguments: str) -> list[dict[str, Any]]:
    """What tshark reports for each frame, by the names in FIELDS; absent ones are None."""
    command = ["tshark", "-r", str(file), "-T", "json", *[word for name in FIELDS for word in ("-e", name)]]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    layers = [packet["_source"]["layers"] for packet in json.loads(done.stdout)]
    return [{name: layer[name][0] if name in layer else None for name in FIELDS} for layer in layers]


def aeron(port: int) -> tuple[str, ...]:
    return ("-d", f"udp.port=={port},aeron")


def summary(process: ChildProcess) -> str:
    return process.output.splitlines()[-1]


def test_every_frame_of_a_stream_is_there_once_and_tshark_knows_it_for_aeron(
    testbed: Testbed, tmp_path: Path
) -> None:
    channel = udp(testbed.ours.address, port := next_port(), term_length="64k")
    before = testbed.ours.counters()
    with capturing(testbed.ours, file := tmp_path / "stream.pcapng") as process:
        sent = transfer(testbed.peer, testbed.ours, channel, messages=100, min=600, max=600)
        names = ("dpdk-rx-packets", "dpdk-tx-packets")
        time.sleep(0.3)  # the counts are published ten times a second
        counted = [testbed.ours.counters().labelled(name) - before.labelled(name) for name in names]
    frames = read(file, *aeron(port))
    directions = Counter(frame["frame.packet_flags_direction"] for frame in frames)
    # Status messages, setups and heartbeats continue while the counters are read.
    assert directions["0x00000001"] >= counted[0] >= 50
    assert directions["0x00000002"] >= counted[1] > 0
    assert summary(process) == f"{len(frames)} frames captured, 0 lost"
    assert sent.messages == 100
    end_of_stream = 100 * 640  # a heartbeat is a data frame without data
    assert data_offsets(file, port) - {end_of_stream} == set(range(0, end_of_stream, 640))
    assert all("aeron" in frame["frame.protocols"] for frame in frames if "udp" in frame["frame.protocols"])


def data_offsets(file: Path, port: int) -> set[int]:
    """The term offsets of Aeron's data frames, of which a datagram may carry several."""
    command = ["tshark", "-r", str(file), *aeron(port), "-T", "fields", "-e", "aeron.data.term_offset"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {int(offset) for line in shown.split() for offset in line.split(",")}


def test_each_drop_is_there_with_its_reason(quiet: tuple[DpdkDriver, Station], tmp_path: Path) -> None:
    driver, host = quiet
    with capturing(driver, file := tmp_path / "drops.pcapng", "-c", "9"):
        host.send(*[TO_US / UDP(dport=20994) / Raw(bytes(20))] * 4)
        host.send(*[TO_US / UDP(dport=20994, chksum=0x1234) / Raw(bytes(20))] * 3)
        host.send(*[Ether(src=PEER_MAC, dst="02:ad:00:00:00:77") / TO_US[IP] / UDP()] * 2)
        eventually(lambda: file.stat().st_size > 9 * 60, "they are captured")
    comments = Counter(frame["frame.comment"] for frame in read(file))
    assert comments == {
        "dropped: rx-no-endpoint": 4, "dropped: rx-udp-checksum": 3, "dropped: rx-not-our-mac": 2
    }  # fmt: skip


def test_what_the_control_plane_says_is_there_too(quiet: tuple[DpdkDriver, Station], tmp_path: Path) -> None:
    driver, host = quiet
    with capturing(driver, file := tmp_path / "ping.pcapng", "-c", "4"):
        who_has = ARP(psrc="10.91.0.2", hwsrc=PEER_MAC, pdst="10.91.0.1")
        host.send(Ether(src=PEER_MAC, dst="ff:ff:ff:ff:ff:ff") / who_has)
        assert host.await_frame(lambda packet: ARP in packet and packet[ARP].op == 2) is not None
        host.send(TO_US / ICMP(id=5) / Raw(b"hello"))
        assert host.await_frame(lambda packet: ICMP in packet and packet[ICMP].type == 0) is not None
    frames = read(file)
    assert [frame["frame.protocols"].split(":")[-1] for frame in frames] == ["arp", "arp", "data", "data"]
    assert [frame["frame.packet_flags_direction"][-1] for frame in frames] == ["1", "2", "1", "2"]


def test_times_are_the_clocks_to_the_nanosecond_and_in_order(
    quiet: tuple[DpdkDriver, Station], tmp_path: Path
) -> None:
    driver, host = quiet
    begin_ns = time.time_ns()
    with capturing(driver, file := tmp_path / "times.pcapng", "-c", "20"):
        for _ in range(20):
            host.send(TO_US / UDP(dport=20994))
            time.sleep(0.01)
    seconds, digits = zip(*(frame["frame.time_epoch"].split(".") for frame in read(file)), strict=True)
    times_ns = [int(s) * 10**9 + int(d) for s, d in zip(seconds, digits, strict=True)]
    assert {len(each) for each in digits} == {9}
    assert begin_ns < times_ns[0] <= times_ns[-1] < time.time_ns()
    assert times_ns == sorted(times_ns)
    assert any(each % 1000 for each in times_ns)


def test_a_filter_lets_through_what_tcpdump_would(quiet: tuple[DpdkDriver, Station], tmp_path: Path) -> None:
    driver, host = quiet
    expression = ("udp", "dst", "port", "20995", "and", "greater", "100")
    with capturing(driver, file := tmp_path / "filter.pcapng", *expression) as process:
        for length in (10, 200, 30, 300):
            host.send(
                TO_US / UDP(dport=20995) / Raw(bytes(length)), TO_US / UDP(dport=20996) / Raw(bytes(length))
            )
        eventually(lambda: len(read_anyway(file)) >= 2, "both long ones are there")
    assert [int(frame["frame.len"]) for frame in read(file)] == [42 + 200, 42 + 300]
    assert summary(process) == "2 frames captured, 0 lost"


def read_anyway(file: Path) -> list[dict[str, Any]]:
    """Reads a file that is still being written."""
    with contextlib.suppress(subprocess.CalledProcessError, json.JSONDecodeError):
        return read(file)
    return []


def test_frames_are_cut_to_the_snap_length(quiet: tuple[DpdkDriver, Station], tmp_path: Path) -> None:
    driver, host = quiet
    with capturing(driver, file := tmp_path / "snap.pcapng", "-s", "64", "-c", "1"):
        host.send(TO_US / UDP(dport=20994) / Raw(bytes(500)))
    [frame] = read(file)
    assert (frame["frame.len"], frame["frame.cap_len"]) == (str(42 + 500), "64")


def test_a_stream_to_our_own_address_is_on_an_interface_of_its_own(testbed: Testbed, tmp_path: Path) -> None:
    channel = udp(testbed.ours.address, port := next_port(), term_length="64k")
    before = testbed.ours.counters().labelled("dpdk-loopback-packets")
    with capturing(testbed.ours, file := tmp_path / "own.pcapng", "udp", "port", str(port)):
        transfer(testbed.ours, testbed.ours, channel, messages=20, min=500, max=500)
        time.sleep(0.3)  # the counts are published ten times a second
        counted = testbed.ours.counters().labelled("dpdk-loopback-packets") - before
    frames = read(file, *aeron(port), "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    assert {frame["frame.interface_name"] for frame in frames} == {"dpdk0-loopback"}
    assert len(frames) >= counted >= 10
    assert sum(frame["aeron.data.term_offset"] is not None for frame in frames) >= 10
    bad = ["-Y", "udp.checksum.status == 0 || ip.checksum.status == 0", "-o", "udp.check_checksum:TRUE"]
    assert read(file, *bad, "-o", "ip.check_checksum:TRUE") == []


def test_it_streams_into_tshark_while_it_goes_on(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    capture = [str(PROGRAM), "capture", f"--aeron-dir={driver.aeron_dir}", "udp port 20997"]
    with subprocess.Popen(capture, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as source:
        shark = ["tshark", "-l", "-i", "-", "-T", "fields", "-e", "udp.dstport", "-c", "3"]
        with subprocess.Popen(
            shark, stdin=source.stdout, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as sink:
            assert source.stdout is not None and sink.stdout is not None
            source.stdout.close()
            deadline = time.monotonic() + 60
            while sink.poll() is None and time.monotonic() < deadline:
                host.send(TO_US / UDP(dport=20997))
                time.sleep(0.1)
            assert sink.wait(10) == 0
            assert sink.stdout.read().split() == ["20997"] * 3
        host.send(TO_US / UDP(dport=20997))  # the capture notices that its reader has gone
        assert source.wait(30) == 0


def test_a_tool_that_stops_reading_loses_copies_and_delays_nobody(
    quiet: tuple[DpdkDriver, Station], tmp_path: Path
) -> None:
    driver, host = quiet
    big = bytes(TO_US / UDP(dport=20998) / Raw(bytes(1400)))
    sent = 6000  # twice what a ring holds
    with capturing(driver, file := tmp_path / "lossy.pcapng", "udp", "port", "20998") as process:
        before = driver.counters().labelled("dpdk-rx-no-endpoint")
        os.kill(process.pid, signal.SIGSTOP)
        for _ in range(sent // 50):
            host.send(*[big] * 50)
            time.sleep(0.002)
        eventually(
            lambda: driver.counters().labelled("dpdk-rx-no-endpoint") == before + sent, "the driver goes on"
        )
        os.kill(process.pid, signal.SIGCONT)
        host.drain()
        host.send(TO_US / ICMP(id=6))
        assert host.await_frame(lambda packet: ICMP in packet and packet[ICMP].type == 0) is not None
    captured, lost = (int(word) for word in summary(process).replace(",", "").split() if word.isdigit())
    assert captured == len(read(file))
    assert lost > 0
    assert captured + lost == sent


def test_a_second_capture_is_refused_and_works_after_the_first(
    quiet: tuple[DpdkDriver, Station], tmp_path: Path
) -> None:
    driver, host = quiet
    with capturing(driver, file := tmp_path / "first.pcapng"):
        before = file.read_bytes()
        second = aeron_dpdk("capture", driver, "-w", str(file))
        assert second.exit_code == CAPTURE_REFUSED
        assert "another capture is open" in second.complaint
        assert file.read_bytes().startswith(before), "the first one's file is left alone"
    eventually(lambda: one_frame(driver, host, tmp_path / "third.pcapng"), "the first has ended")


def one_frame(driver: DpdkDriver, host: Station, file: Path) -> bool:
    host.send(TO_US / UDP(dport=20994))
    command = ("-w", str(file), "-c", "1", "--seconds", "1")
    return aeron_dpdk("capture", driver, *command).exit_code == 0


def test_a_tool_that_is_killed_leaves_nothing_behind(
    quiet: tuple[DpdkDriver, Station], tmp_path: Path
) -> None:
    driver, host = quiet
    shared = f"/proc/{driver.pid}/maps"
    with contextlib.suppress(AssertionError), capturing(driver, tmp_path / "killed.pcapng") as process:
        assert "aeronmd_dpdk capture" in Path(shared).read_text()
        process.kill()
    eventually(lambda: "aeronmd_dpdk capture" not in Path(shared).read_text(), "its memory is given back")
    eventually(lambda: one_frame(driver, host, tmp_path / "next.pcapng"), "the next capture works")


def test_a_capture_ends_with_its_driver(own_testbed: Testbed, tmp_path: Path) -> None:
    with capturing(own_testbed.ours, file := tmp_path / "end.pcapng") as process:
        own_testbed.ours.stop()
        assert process.wait(30) == 0
    assert isinstance(read(file), list)


@pytest.mark.parametrize("bound", ["--seconds=0.3", "--size=400", "-c3"])
def test_a_capture_ends_at_its_bound(quiet: tuple[DpdkDriver, Station], tmp_path: Path, bound: str) -> None:
    driver, host = quiet
    with capturing(driver, file := tmp_path / "bound.pcapng", bound) as process:
        host.send(*[TO_US / UDP(dport=20994)] * 3)
        assert process.wait(30) == 0
    assert len(read(file)) <= 3


def test_a_file_that_cannot_be_written_is_named(quiet: tuple[DpdkDriver, Station], tmp_path: Path) -> None:
    driver, _ = quiet
    for path, reason in (("/dev/full", "No space left"), (str(tmp_path / "no" / "such"), "No such file")):
        outcome = aeron_dpdk("capture", driver, "-w", path)
        assert outcome.exit_code == OUTPUT
        assert path in outcome.complaint and reason in outcome.complaint


def test_pcapng_is_not_written_to_a_terminal(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    command = f"{PROGRAM} capture --aeron-dir={driver.aeron_dir}"
    done = subprocess.run(
        ["script", "-qec", command, "/dev/null"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "pipe it into tshark" in done.stdout
