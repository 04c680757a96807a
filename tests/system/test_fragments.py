"""Channels with an MTU above the link's, against the stock driver: their datagrams travel in fragments
both ways.

Over a tap: net_af_packet makes the kernel reassemble fragments before we see them.
"""

from collections.abc import Iterator

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from tests.system.fixtures.client import ClientError
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import Content, Maker, eventually, next_port, transfer, udp

pytestmark = pytest.mark.usefixtures("dpdk_only")

LONG_MTU = 8192
CONTENT: Content = {"messages": 300, "min": 1, "max": 30000}


@pytest.fixture(scope="module")
def tap(maker: Maker) -> Iterator[tuple[DpdkDriver, Driver]]:
    with maker.tap("fragments") as (ours, kernel):
        peer = maker.kernel(kernel, "fragments-peer")
        try:
            peer.start()
            yield ours, peer
        finally:
            peer.discard()
        assert ours.stop() == 0, ours.output


@pytest.fixture(params=["from_us_to_the_kernel", "from_the_kernel_to_us"])
def flow(request: pytest.FixtureRequest, tap: tuple[DpdkDriver, Driver]) -> tuple[Driver, Driver]:
    ours, peer = tap
    return (ours, peer) if request.param == "from_us_to_the_kernel" else (peer, ours)


def test_a_channel_mtu_above_the_links_works(flow: tuple[Driver, Driver], tap: tuple[Driver, Driver]) -> None:
    source, sink = flow
    ours, _ = tap
    count = "dpdk-tx-fragmented" if source is ours else "dpdk-rx-reassembled"
    before = ours.counters().labelled(count)
    transfer(source, sink, udp(sink.address, next_port(), mtu=LONG_MTU), **CONTENT)
    eventually(lambda: ours.counters().labelled(count) > before, f"{count} moves")


def test_a_stream_to_ourselves_is_not_cut(tap: tuple[DpdkDriver, Driver]) -> None:
    ours, _ = tap
    transfer(ours, ours, udp(ours.address, next_port(), mtu=LONG_MTU), **CONTENT)


def test_a_channel_mtu_above_eight_fragments_is_refused(tap: tuple[DpdkDriver, Driver]) -> None:
    ours, peer = tap
    with pytest.raises(
        ClientError, match=r"does not fit the link MTU 1500 of .*, in fragments neither; use mtu=11808"
    ):
        ours.client("publish", channel=udp(peer.address, next_port(), mtu="16k")).await_event("ready")


def test_forged_fragments_disturb_no_stream(tap: tuple[DpdkDriver, Driver], ours_mac: str) -> None:
    """Scapy cuts datagrams and leaves pieces out: the table fills up, and complete datagrams still get
    through."""
    ours, peer = tap
    port = next_port()
    before = ours.counters().labelled("dpdk-rx-fragment")
    with station(peer.end) as other_host:
        for number in range(300):
            whole = (
                IP(src="10.91.0.77", dst=ours.address, id=number)
                / UDP(sport=9, dport=port)
                / Raw(bytes(2000))
            )
            first = whole.fragment(1480)[0]
            other_host.send(Ether(src="02:ad:00:00:00:77", dst=ours_mac) / first)
        transfer(peer, ours, udp(ours.address, next_port()), **CONTENT)
        transfer(peer, ours, udp(ours.address, next_port(), mtu=LONG_MTU), **CONTENT)
    eventually(lambda: ours.counters().labelled("dpdk-rx-fragment") > before, "the flood is counted")


@pytest.fixture
def ours_mac(tap: tuple[DpdkDriver, Driver]) -> str:
    ours, _ = tap
    return ours.end.mac


def test_where_they_are_off_the_channel_is_refused(maker: Maker) -> None:
    with maker.tap("whole", settings={"AERON_DPDK_FRAGMENTS": "false"}) as (ours, kernel):
        with pytest.raises(ClientError, match="does not fit the link MTU 1500 of .*; use mtu=1472"):
            ours.client("publish", channel=udp(kernel.address, next_port(), mtu=LONG_MTU)).await_event(
                "ready"
            )
