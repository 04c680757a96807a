"""`aeron-dpdk top` in a real terminal of 80 columns: tmux types the keys and reads the screen."""

import shutil
from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.terminal import terminal
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, eventually, next_port, udp
from tests.system.fixtures.tool import aeron_dpdk

pytestmark = [
    pytest.mark.usefixtures("dpdk_only"),
    pytest.mark.skipif(shutil.which("tmux") is None, reason="not installed: tmux"),
]

STRAY = Ether(src="02:ad:00:00:00:02", dst="02:ad:00:00:00:01") / IP(src="10.91.0.2", dst="10.91.0.1")


@pytest.fixture(scope="module")
def quiet(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone on its wire."""
    with topology.straight("top", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_PACKET, "top-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def test_what_is_dropped_appears_with_its_number(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    with terminal(driver) as screen:
        eventually(lambda: screen.shows("DROPS AND BACK PRESSURE none"), "the screen is whole")
        host.send(*[STRAY / UDP(dport=20970) / Raw(bytes(40))] * 17)
        eventually(lambda: screen.row("rx-no-endpoint")[-1:] == ["17"], "the drops are on the screen")
        eventually(lambda: screen.row("rx-no-endpoint")[1:2] == ["0"], "they stand still")


def test_streams_are_shown_with_their_channel_and_a_paused_screen_stands_still(testbed: Testbed) -> None:
    channel = udp(testbed.ours.address, port := next_port(), term_length="64k")
    testbed.ours.client("subscribe", channel=channel, messages=10**9, min=100, max=100)
    testbed.peer.client("publish", channel=channel, messages=10**9, min=100, max=100, interval_us=2000)
    with terminal(testbed.ours) as screen:
        eventually(lambda: screen.shows(f"{testbed.ours.address}:{port}"), "the stream is there")
        seen = screen.row("rx")
        eventually(lambda: screen.row("rx")[-1:] != seen[-1:], "its packets are counted")
        screen.press("p")
        eventually(lambda: screen.shows("PAUSED"), "the key was heard")
        standing = screen.row("rx")
        eventually(
            lambda: (
                aeron_dpdk("status", testbed.ours, "--json").json["counts"][0]["traffic"]["rx-packets"]
                > number(standing) + 50
            ),
            "the driver goes on",
        )
        assert screen.row("rx") == standing
        screen.press("p")
        eventually(lambda: screen.row("rx") != standing, "it goes on")


def number(row: list[str]) -> int:
    return int(row[-1].replace(",", ""))


def test_s_chooses_the_next_order(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    with terminal(driver) as screen:
        eventually(lambda: screen.shows("STREAMS by rate"), "the screen is whole")
        screen.press("s")
        eventually(lambda: screen.shows("STREAMS by naks"), "the next order is used")


@pytest.mark.parametrize("end", ["q", "C-c", "SIGTERM"])
def test_its_end_gives_the_terminal_back_as_it_was(quiet: tuple[DpdkDriver, Station], end: str) -> None:
    driver, _ = quiet
    with terminal(driver) as screen:
        if end == "SIGTERM":
            screen.terminate()
        else:
            screen.press(end)
        eventually(lambda: screen.shows("exit code 0"), "it has ended")
        assert [line for line in screen.lines if line] == ["before", "exit code 0"]
        assert screen.values("#{alternate_on}", "#{cursor_flag}") == ["0", "1"]


def test_a_driver_that_goes_away_is_told_and_one_that_comes_back_is_shown(own_testbed: Testbed) -> None:
    with terminal(own_testbed.ours) as screen:
        own_testbed.ours.kill()
        eventually(lambda: screen.shows("does not answer"), "it is missed")
        own_testbed.start()
        eventually(lambda: screen.shows(f"pid {own_testbed.ours.pid}"), "its successor is shown")
        eventually(lambda: not screen.shows("does not answer"), "and no longer missed")


def test_without_a_terminal_it_points_to_status(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    outcome = aeron_dpdk("top", driver)
    assert outcome.exit_code == 2
    assert "status --json" in outcome.complaint
