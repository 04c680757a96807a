"""A seeded few frames are taken off the wire, and the account of them is kept: every view tells that loss."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.system.bed import topology
from tests.system.bed.bed import Bed, Maker, eventually, next_port, udp
from tests.system.bed.counters import Snapshot
from tests.system.bed.exporter import exporting, scrape
from tests.system.bed.terminal import terminal
from tests.system.bed.thief import Thief
from tests.system.bed.tool import aeron_dpdk

from aeron_dpdk.tools.top_screen import scaled

pytestmark = pytest.mark.usefixtures("dpdk_only")

STREAM = 1001


@dataclass(frozen=True)
class Lossy:
    """A stream to our driver that has lost something and stands still; both ends are there yet."""

    bed: Bed
    thief: Thief
    channel: str

    @property
    def gaps(self) -> int:
        return len(self.thief.taken)

    @property
    def lost_bytes(self) -> int:
        return sum(frame.length for frame in self.thief.taken)

    def counters(self) -> Snapshot:
        return self.bed.ours.counters()


@pytest.fixture(scope="module")
def lossy(maker: Maker) -> Iterator[Lossy]:
    settings = {"AERON_CLIENT_LIVENESS_TIMEOUT": "300s", "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "301s"}
    with topology.tapped("lossy", is_ours_kernel=False) as tapped:
        thief = Thief(tapped, seed=5, rate=0.05)
        with thief.at_work(), maker.bed(tapped.wire, "lossy", **settings) as bed:
            channel = udp(bed.ours.address, next_port(), term_length="1m")
            content = {"channel": channel, "stream": STREAM, "min": 1376, "max": 1376}
            bed.ours.client("subscribe", messages=10**9, **content).await_event("ready")
            publisher = bed.peer.client("publish", messages=10**9, interval_us=1000, **content)
            publisher.await_event("connected")
            eventually(lambda: len(thief.taken) > 9, "frames are taken off the wire")
            publisher.kill()  # its driver keeps the publication alive, and repairs what is missing
            lossy = Lossy(bed, thief, channel)
            eventually(lambda: is_repaired(lossy), "all gaps are filled")
            yield lossy


def is_repaired(lossy: Lossy) -> bool:
    ours, peer = lossy.counters(), lossy.bed.peer.counters()
    return ours.labelled("sub-pos") == ours.labelled("rcv-pos") == peer.labelled("snd-pos")


def test_loss_lists_it(lossy: Lossy) -> None:
    [loss] = aeron_dpdk("loss", lossy.bed.ours, "--json").json["losses"]
    rows = aeron_dpdk("loss", lossy.bed.ours).output.splitlines()
    assert (loss["observations"], loss["bytes"]) == (lossy.gaps, lossy.lost_bytes)
    assert loss["session_id"] == lossy.thief.taken[0].session_id
    assert (loss["channel"], loss["stream_id"]) == (lossy.channel, STREAM)
    assert loss["source"].startswith(f"{lossy.bed.peer.address}:")
    assert rows[1].startswith(f"{lossy.gaps},{lossy.lost_bytes},")
    assert rows[-1] == "1 entries read"


def test_status_tells_it(lossy: Lossy) -> None:
    seen = aeron_dpdk("status", lossy.bed.ours, "--json").json
    [loss] = seen["losses"]
    [stream] = seen["streams"]
    assert (loss["observations"], loss["bytes"]) == (lossy.gaps, lossy.lost_bytes)
    assert lossy.gaps <= stream["positions"]["rcv-naks-sent"] == lossy.counters().labelled("rcv-naks-sent")


def test_it_is_scraped(lossy: Lossy) -> None:
    with exporting(lossy.bed.ours) as url:
        samples = scrape(url)

    def value(name: str) -> Any:
        [found] = [value for sample, value in samples.items() if sample.startswith(f"{name}{{")]
        return found

    assert value("aeron_lost_gaps_total") == lossy.gaps
    assert value("aeron_lost_bytes_total") == lossy.lost_bytes
    assert samples["aeron_naks_sent_total"] == lossy.counters().labelled("NAKs sent")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="not installed: tmux")
def test_it_is_on_the_screen_of_top(lossy: Lossy) -> None:
    with terminal(lossy.bed.ours) as screen:
        _, stream, session, position, per_second, ahead, naks, _, channel = screen.row("in")
    counters = lossy.counters()
    assert (stream, session) == (str(STREAM), str(lossy.thief.taken[0].session_id))
    assert (position, per_second, ahead) == (scaled(counters.labelled("sub-pos")), "0", "0")
    assert naks == str(counters.labelled("rcv-naks-sent"))
    assert channel.rstrip("…") in lossy.channel
