"""The soak: streams of all kinds, killed and paused clients, a wire that loses, duplicates, reorders and
corrupts frames and flaps, liars and garbage, a port that restarts, all at once, for --soak-minutes. Every
stream is compared by hash. The port is a tap, since net_af_packet cannot be started again.

`./dev soak --minutes N --seed S` does it for longer. The seed repeats every decision, not the timing.
"""

import random
import time
from collections.abc import Iterator

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import ClientError
from tests.system.fixtures.frames import Forger
from tests.system.fixtures.port_restart import resetting
from tests.system.fixtures.testbed import TAP, Maker, Testbed, eventually, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import TappedWire
from tests.system.soak.account import MEMORY_MARGIN_KIB, Account, account_of, excess, resident_kib
from tests.system.soak.scenes import Scene
from tests.system.soak.troubles import TROUBLES

from aeron_dpdk.exit_code import ExitCode

pytestmark = pytest.mark.usefixtures("dpdk_only")

SCENES_AT_ONCE = 4
TURN_S = 0.05
TROUBLE_CHANCE = 0.05  # of each turn
FAULTS = {"drop": 0.01, "duplicate": 0.01, "reorder": 0.02, "corrupt": 0.01}
SETTLE_TIMEOUT_S = 90.0
# On a busy machine threads get no CPU for seconds, which must not end anything; killed clients time out
# later.
TIMEOUTS = {
    "AERON_CLIENT_LIVENESS_TIMEOUT": "10s",
    "AERON_IMAGE_LIVENESS_TIMEOUT": "15s",
    "AERON_PUBLICATION_CONNECTION_TIMEOUT": "10s",
    "AERON_PUBLICATION_LINGER_TIMEOUT": "10s",  # the last messages of a stream outlive every trouble
    "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "20s",
    "AERON_DPDK_KERNEL_SOCKETS": "loopback",
    "AERON_COUNTERS_FREE_TO_REUSE_TIMEOUT": "100ms",
}


class Soak:
    def __init__(self, seed: int, tapped: TappedWire, testbed: Testbed) -> None:
        self._dice = random.Random(seed)
        self._tapped = tapped
        self._testbed = testbed
        self._scenes: list[Scene] = []
        self.finished = 0
        self.troubles: dict[str, int] = {}
        self.story: list[str] = []

    def run(self, minutes: float) -> None:
        until_s = time.monotonic() + 60 * minutes
        while time.monotonic() < until_s:
            self._turn()
            while len(self._scenes) < SCENES_AT_ONCE:
                self._scenes.append(scene := Scene(self._dice, self._testbed))
                self.story.append(f"{time.monotonic():.1f} s: {scene.story}")
            if self._dice.random() < TROUBLE_CHANCE:
                self._make_trouble()
        while self._scenes:
            self._turn()

    def _turn(self) -> None:
        assert self._testbed.ours.is_running, self._testbed.ours.output
        for scene in self._scenes:
            scene.turn()
        for scene in [each for each in self._scenes if each.is_over()]:
            self._scenes.remove(scene)
            scene.check()
            self.finished += 1
        time.sleep(TURN_S)

    def _make_trouble(self) -> None:
        trouble = self._dice.choice(TROUBLES)
        self.story.append(f"{time.monotonic():.1f} s: {trouble.__name__}")
        trouble(self._dice, self._tapped, self._testbed)
        self.troubles[trouble.__name__] = self.troubles.get(trouble.__name__, 0) + 1


@pytest.fixture
def tapped() -> Iterator[TappedWire]:
    with topology.tapped_tap("soak") as made:
        yield made


@pytest.fixture
def testbed(maker: Maker, tapped: TappedWire) -> Iterator[Testbed]:
    end = tapped.wire.ours
    ours = maker.dpdk(
        end,
        TAP.format(interface=end.interface, mac=end.mac),
        "soak-ours",
        program=resetting(maker.installation),
        settings=TIMEOUTS,
    )
    made = Testbed(tapped.wire, ours, maker.kernel(tapped.wire.peer, "soak-peer", **TIMEOUTS))
    try:
        made.start()
        yield made
    finally:
        made.discard()


def settled(testbed: Testbed, before: Account) -> None:
    """Nothing is left of what was created during the soak."""
    latest: dict[str, tuple[int, int]] = {}

    def is_back() -> bool:
        latest.clear()
        latest.update(excess(before, account_of(testbed.ours)))
        return not latest

    try:
        eventually(is_back, "back to the start", SETTLE_TIMEOUT_S)
    except AssertionError:
        raise AssertionError(f"left over, before and now: {latest}") from None


def test_after_everything_at_once_every_stream_was_whole_and_nothing_is_left_over(
    tapped: TappedWire, testbed: Testbed, pytestconfig: pytest.Config
) -> None:
    minutes, seed = pytestconfig.getoption("--soak-minutes"), pytestconfig.getoption("--soak-seed")
    forger = Forger(tapped, seed, **FAULTS)
    posted = account_of(testbed.ours).mbufs_in_use  # receive descriptors hold them, whatever happens
    with forger.at_work():
        transfer(testbed.ours, testbed.peer, udp(testbed.peer.address, 19999), messages=10)
        settled(testbed, Account(0, posted, 99, 99, 0, 999))
        before, memory_kib = account_of(testbed.ours), resident_kib(testbed.ours)
        soak = Soak(seed, tapped, testbed)
        try:
            soak.run(minutes)
        except (AssertionError, ClientError, TimeoutError) as error:
            seen = f"{aeron_dpdk('status', testbed.ours)}\n{testbed.ours.output}"
            story = "\n".join(soak.story[-40:])
            raise AssertionError(
                f"./dev soak --minutes {minutes} --seed {seed}: {error}\n{story}\n{seen}"
            ) from error
        settled(testbed, before)
        grown_kib = resident_kib(testbed.ours) - memory_kib
        print(f"{soak.finished} scenes, {soak.troubles}, {forger.spoiled}, memory grew by {grown_kib} KiB")
        assert grown_kib < MEMORY_MARGIN_KIB
        assert testbed.ours.stop() == ExitCode.OK
