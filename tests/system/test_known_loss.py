"""Frames chosen by a seed are taken off the wire, and every tool reports exactly that loss."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.counters import Snapshot
from tests.system.fixtures.dropper import Dropper
from tests.system.fixtures.exporter import exporting, scrape
from tests.system.fixtures.terminal import terminal
from tests.system.fixtures.testbed import Maker, Testbed, eventually, next_port, udp
from tests.system.fixtures.tool import aeron_dpdk

from aeron_dpdk.tools.top_screen import scaled

pytestmark = pytest.mark.usefixtures("dpdk_only")

STREAM = 1001


@dataclass(frozen=True)
class Lossy:
    """A stalled stream to our driver that has lost something; both ends are still running."""

    testbed: Testbed
    dropper: Dropper
    channel: str

    @property
    def gaps(self) -> int:
        return len(self.dropper.dropped)

    @property
    def lost_bytes(self) -> int:
        return sum(frame.length for frame in self.dropper.dropped)

    def counters(self) -> Snapshot:
        return self.testbed.ours.counters()


@pytest.fixture(scope="module")
def lossy(maker: Maker) -> Iterator[Lossy]:
    settings = {"AERON_CLIENT_LIVENESS_TIMEOUT": "300s", "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "301s"}
    with topology.tapped("lossy", is_ours_kernel=False) as tapped:
        dropper = Dropper(tapped, seed=5, rate=0.05)
        with dropper.at_work(), maker.testbed(tapped.wire, "lossy", **settings) as testbed:
            channel = udp(testbed.ours.address, next_port(), term_length="1m")
            content = {"channel": channel, "stream": STREAM, "min": 1376, "max": 1376}
            testbed.ours.client("subscribe", messages=10**9, **content).await_event("ready")
            publisher = testbed.peer.client("publish", messages=10**9, interval_us=1000, **content)
            publisher.await_event("connected")
            eventually(lambda: len(dropper.dropped) > 9, "frames are dropped off the wire")
            publisher.kill()  # its driver keeps the publication alive, and resends what is missing
            lossy = Lossy(testbed, dropper, channel)
            eventually(lambda: is_repaired(lossy), "all gaps are filled")
            yield lossy


def is_repaired(lossy: Lossy) -> bool:
    ours, peer = lossy.counters(), lossy.testbed.peer.counters()
    return ours.labelled("sub-pos") == ours.labelled("rcv-pos") == peer.labelled("snd-pos")


def test_loss_lists_it(lossy: Lossy) -> None:
    [loss] = aeron_dpdk("loss", lossy.testbed.ours, "--json").json["losses"]
    rows = aeron_dpdk("loss", lossy.testbed.ours).output.splitlines()
    assert (loss["observations"], loss["bytes"]) == (lossy.gaps, lossy.lost_bytes)
    assert loss["session_id"] == lossy.dropper.dropped[0].session_id
    assert (loss["channel"], loss["stream_id"]) == (lossy.channel, STREAM)
    assert loss["source"].startswith(f"{lossy.testbed.peer.address}:")
    assert rows[1].startswith(f"{lossy.gaps},{lossy.lost_bytes},")
    assert rows[-1] == "1 entries read"


def test_status_tells_it(lossy: Lossy) -> None:
    seen = aeron_dpdk("status", lossy.testbed.ours, "--json").json
    [loss] = seen["losses"]
    [stream] = seen["streams"]
    assert (loss["observations"], loss["bytes"]) == (lossy.gaps, lossy.lost_bytes)
    assert lossy.gaps <= stream["positions"]["rcv-naks-sent"] == lossy.counters().labelled("rcv-naks-sent")


def test_it_is_scraped(lossy: Lossy) -> None:
    with exporting(lossy.testbed.ours) as url:
        samples = scrape(url)

    def value(name: str) -> Any:
        [found] = [value for sample, value in samples.items() if sample.startswith(f"{name}{{")]
        return found

    assert value("aeron_lost_gaps_total") == lossy.gaps
    assert value("aeron_lost_bytes_total") == lossy.lost_bytes
    assert samples["aeron_naks_sent_total"] == lossy.counters().labelled("NAKs sent")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="not installed: tmux")
def test_it_is_on_the_screen_of_top(lossy: Lossy) -> None:
    with terminal(lossy.testbed.ours) as screen:
        _, stream, session, position, per_second, ahead, naks, _, channel = screen.row("in")
    counters = lossy.counters()
    assert (stream, session) == (str(STREAM), str(lossy.dropper.dropped[0].session_id))
    assert (position, per_second, ahead) == (scaled(counters.labelled("sub-pos")), "0", "0")
    assert naks == str(counters.labelled("rcv-naks-sent"))
    assert channel.rstrip("…") in lossy.channel
