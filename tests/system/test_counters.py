"""`aeron-dpdk counters` and `errors`: what an Aeron client reads, against what was really sent."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures import topology
from tests.system.fixtures.driver import DpdkDriver
from tests.system.fixtures.frames import Station, station
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, eventually
from tests.system.fixtures.tool import PROGRAM, aeron_dpdk

pytestmark = pytest.mark.usefixtures("dpdk_only")

STRAY = Ether(src="02:ad:00:00:00:02", dst="02:ad:00:00:00:01") / IP(src="10.91.0.2", dst="10.91.0.1")
STRAYS = 37
FRAMES_BEYOND_THE_RING = 3000  # net_af_packet's own default is 512 frames


@pytest.fixture(scope="module")
def quiet(maker: Maker) -> Iterator[tuple[DpdkDriver, Station]]:
    """Our driver alone on its wire."""
    with topology.straight("counters", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_PACKET, "counters-ours")
        ours.start()
        with station(wire.peer) as host:
            yield ours, host
        ours.discard()


def shown(driver: DpdkDriver, *arguments: str) -> dict[str, int]:
    """Values by label, as the command prints them."""
    view = aeron_dpdk("counters", driver, "--json", *arguments).json
    return {counter["label"]: counter["value"] for counter in view["counters"]}


def test_every_counter_is_listed_as_an_aeron_client_sees_it(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    expected = driver.counters()
    view = aeron_dpdk("counters", driver, "--json").json
    assert view["driver"]["pid"] == driver.pid == expected.pid
    assert [(each["type_id"], each["label"]) for each in view["counters"]] == [
        (each.type_id, each.label) for each in expected.counters
    ]


def test_frames_that_were_sent_are_the_frames_that_are_counted(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, host = quiet
    before = shown(driver)
    stray = STRAY / UDP(sport=40000, dport=20991) / Raw(bytes(58))
    host.send(*[stray] * STRAYS)
    eventually(
        lambda: shown(driver)["dpdk-rx-packets"] == before["dpdk-rx-packets"] + STRAYS, "all are counted"
    )
    after = shown(driver)
    grown = {name: after[name] - before[name] for name in ("dpdk-rx-bytes", "dpdk-rx-no-endpoint")}
    assert grown == {"dpdk-rx-bytes": STRAYS * len(stray), "dpdk-rx-no-endpoint": STRAYS}


def test_frames_that_the_kernel_threw_away_before_the_port_are_counted(
    quiet: tuple[DpdkDriver, Station],
) -> None:
    """The driver is paused until the kernel's ring for net_af_packet has long been full."""
    driver, host = quiet
    names = ("dpdk-rx-packets", "dpdk-rx-kernel-dropped")
    before = shown(driver)
    frame = bytes(STRAY / UDP(sport=40000, dport=20991) / Raw(bytes(58)))
    os.kill(driver.pid, signal.SIGSTOP)
    host.send(*[frame] * FRAMES_BEYOND_THE_RING)
    os.kill(driver.pid, signal.SIGCONT)

    def seen() -> list[int]:
        now = shown(driver)
        return [now[name] - before[name] for name in names]

    eventually(lambda: sum(seen()) == FRAMES_BEYOND_THE_RING, "each frame is received or missed")
    assert min(seen()) > 0


def test_a_pattern_picks_counters_by_label(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    assert set(shown(driver, "RX-Udp")) == {"dpdk-rx-udp-header", "dpdk-rx-udp-checksum"}


def test_the_text_is_that_of_aeron_stat(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    title, line = aeron_dpdk("counters", driver, "NAKs received").output.splitlines()
    assert f"pid {driver.pid}, last heartbeat " in title
    assert line == f"{6:3}: {0:20,} - NAKs received"


def test_watching_goes_on_until_it_is_interrupted(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    command = [
        str(PROGRAM),
        "counters",
        "--json",
        "--watch=0.1",
        f"--aeron-dir={driver.aeron_dir}",
        "Bytes sent",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch:
        assert watch.stdout is not None
        looks = [json.loads(watch.stdout.readline()) for _ in range(3)]
        watch.send_signal(2)
        assert watch.wait(20) == 0
    assert looks[0]["at_ms"] < looks[1]["at_ms"] < looks[2]["at_ms"]


def test_an_error_is_listed_once_with_the_number_of_its_observations(testbed: Testbed) -> None:
    for _ in range(3):
        client = testbed.ours.client(
            "publish", channel="aeron:udp?endpoint=nowhere.invalid:20992", messages=1
        )
        with pytest.raises(Exception, match="nowhere.invalid"):
            client.await_event("ready")
    errors = aeron_dpdk("errors", testbed.ours, "--json").json["errors"]
    assert [each["text"] for each in errors] == list(testbed.ours.counters().errors)
    [ours] = [each for each in errors if "nowhere.invalid" in each["text"]]
    assert ours["observations"] == 3
    assert ours["first_ms"] < ours["last_ms"]
    text = aeron_dpdk("errors", testbed.ours).output
    assert "3 observations from " in text
    assert f"{len(errors)} distinct errors observed." in text


def test_a_directory_without_a_driver_is_named_with_a_remedy(quiet: tuple[DpdkDriver, Station]) -> None:
    driver, _ = quiet
    absent = DpdkDriver(driver.installation, driver.end, "nobody-there")
    outcome = aeron_dpdk("counters", absent)
    assert outcome.exit_code == 31
    assert f"{absent.aeron_dir} is not the Aeron directory" in outcome.complaint
    assert "--aeron-dir" in outcome.complaint
