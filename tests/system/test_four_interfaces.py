"""Four interfaces in one driver, and a stock driver that is on all four networks too."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import received_by, sent_by
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.testbed import (
    AF_PACKET,
    Content,
    Maker,
    eventually,
    next_port,
    reap,
    running,
    subscribe,
    udp,
)
from tests.system.fixtures.topology import End, join

pytestmark = pytest.mark.usefixtures("dpdk_only")

CONTENT: Content = {"messages": 1000, "min": 32, "max": 3000}
NETWORKS = range(4)


@dataclass(frozen=True)
class Place:
    ours: DpdkDriver
    peer: Driver
    own: tuple[str, ...]
    theirs: tuple[str, ...]

    @property
    def drivers(self) -> tuple[Driver, ...]:
        return self.ours, self.peer


@pytest.fixture(scope="module")
def place(maker: Maker) -> Iterator[Place]:
    with topology.namespaces("four-ours", "four-peer") as (here, there):
        own = [
            End(here, f"port{n}", f"02:ad:00:00:0{n}:01", f"10.9{n}.0.1", is_kernel=False) for n in NETWORKS
        ]
        theirs = [End(there, f"eth{n}", f"02:ad:00:00:0{n}:02", f"10.9{n}.0.2") for n in NETWORKS]
        for one, other in zip(own, theirs, strict=True):
            join(one, other)
        ours = maker.dpdk(
            own[0],
            AF_PACKET,
            "four-driver",
            further_devices=tuple(f"net_af_packet{n},iface={own[n].interface}" for n in NETWORKS[1:]),
            memory=("--no-huge", "--no-shconf", "-m", "1024"),
            settings={f"AERON_DPDK_{n}_LOCAL_IPV4_ADDRESS": own[n].cidr for n in NETWORKS[1:]},
        )
        made = Place(
            ours,
            maker.kernel(theirs[0], "four-stock"),
            tuple(each.address for each in own),
            tuple(each.address for each in theirs),
        )
        with running(*made.drivers):
            yield made


@pytest.fixture(autouse=True)
def reaped(place: Place) -> Iterator[None]:
    yield
    reap(*place.drivers)


def test_streams_cross_four_networks_both_ways_at_once(place: Place) -> None:
    ours, peer = place.drivers
    ways = [(peer, ours, address) for address in place.own] + [
        (ours, peer, address) for address in place.theirs
    ]
    channels = [udp(address, next_port()) for _, _, address in ways]
    sinks = [
        subscribe(sink, channel, **CONTENT) for (_, sink, _), channel in zip(ways, channels, strict=True)
    ]
    sources = [
        source.client("publish", channel=channel, **{**CONTENT, "seed": seed})
        for seed, ((source, _, _), channel) in enumerate(zip(ways, channels, strict=True))
    ]
    lengths = []
    for source, sink in zip(sources, sinks, strict=True):
        [sent] = sent_by(source)
        assert received_by(sink) == [sent]
        lengths.append(sent.bytes)

    def each_network_carried_its_own() -> bool:
        after = ours.counters()
        names = [f"dpdk-{f'{n}-' if n else ''}{way}-bytes" for way in ("rx", "tx") for n in NETWORKS]
        carried = [after.labelled(name) for name in names]
        return all(frames >= stream for frames, stream in zip(carried, lengths, strict=True))

    eventually(each_network_carried_its_own, "each network has carried the bytes of its own streams")


def test_one_publication_reaches_subscribers_on_all_networks(place: Place) -> None:
    ours, peer = place.drivers
    channels = [udp(address, next_port()) for address in place.theirs]
    sink = subscribe(peer, channels, **CONTENT)
    source = ours.client(
        "publish",
        channel=f"aeron:udp?control-mode=manual|fc=min,g:/{len(channels)}",
        destination=channels,
        **CONTENT,
    )
    [sent] = sent_by(source)
    assert received_by(sink) == [sent] * len(channels)


def test_one_subscription_hears_from_all_networks(place: Place) -> None:
    ours, peer = place.drivers
    port = next_port()
    sink = subscribe(ours, udp("0.0.0.0", port), sources=len(place.own), **CONTENT)
    sources = [
        peer.client("publish", channel=udp(address, port), **{**CONTENT, "seed": seed})
        for seed, address in enumerate(place.own)
    ]
    came, sent = received_by(sink), [digest for source in sources for digest in sent_by(source)]
    assert len(sent) == len(place.own) and set(came) == set(sent)
