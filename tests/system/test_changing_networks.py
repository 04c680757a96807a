"""Routers, links that flap, peers that change their MAC, vanish and come back: streams survive all of it."""

import time
from collections.abc import Callable, Iterator

import pytest
from scapy.layers.l2 import ARP
from tests.system.fixtures import topology
from tests.system.fixtures.client import ClientProcess, digest_of
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.frames import station
from tests.system.fixtures.testbed import Content, Maker, Testbed, next_port, transfer, udp
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import End

from aeron_dpdk.exit_code import ExitCode

CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
# Three megabytes: several times what sender and receiver windows hold, so that the publisher cannot finish
# while the network is away.
LONG_STREAM: Content = {"messages": 3000, "min": 1000, "max": 1000}
OUTAGE_S = 0.5


def link(end: End, state: str) -> None:
    end.namespace.ip("link", "set", end.interface, state)


class Stream:
    """A long stream in progress, to be finished after something has happened to the network."""

    def __init__(self, source: Driver, sink: Driver) -> None:
        channel = udp(sink.address, next_port())
        self._subscriber = sink.client("subscribe", channel=channel, verify=True, **LONG_STREAM)
        self._subscriber.await_event("ready")
        self._publisher = source.client(
            "publish", channel=channel, patient=True, interval_us=200, **LONG_STREAM
        )
        self._subscriber.await_event("receiving")

    @property
    def is_under_way(self) -> bool:
        return self._publisher.is_running

    def finish(self) -> None:
        [sent] = self._publisher.finish()["publications"]
        [received] = self._subscriber.finish()["subscriptions"]
        assert [digest_of(source) for source in received["sources"]] == [digest_of(sent)]


def test_a_port_whose_interface_was_deleted_is_not_healthy(own_testbed: Testbed) -> None:
    assert aeron_dpdk("status", own_testbed.ours).exit_code == 0
    end = own_testbed.ours.end
    end.namespace.ip("link", "delete", end.interface)
    status = aeron_dpdk("status", own_testbed.ours)
    assert status.exit_code == ExitCode.UNHEALTHY
    assert "the device of the port, net_af_packet0, is gone" in status.output
    assert own_testbed.ours.stop() == ExitCode.OK


@pytest.fixture(params=["from_us", "to_us"])
def stream(own_testbed: Testbed, request: pytest.FixtureRequest) -> Stream:
    ends = (own_testbed.ours, own_testbed.peer)
    return Stream(*(ends if request.param == "from_us" else ends[::-1]))


@pytest.fixture(scope="module")
def routed(maker: Maker) -> Iterator[Testbed]:
    with (
        topology.routed("routed", is_ours_kernel=maker.is_ours_kernel) as wire,
        maker.testbed(wire, "routed") as testbed,
    ):
        yield testbed


@pytest.mark.parametrize("direction", ["out", "in"])
def test_a_peer_behind_a_router_is_reached_through_the_gateway(routed: Testbed, direction: str) -> None:
    source, sink = (routed.ours, routed.peer) if direction == "out" else (routed.peer, routed.ours)
    transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def test_only_the_gateway_is_asked_for_its_address_when_the_peer_is_off_link(maker: Maker) -> None:
    with topology.routed("asking", is_ours_kernel=maker.is_ours_kernel) as wire:
        assert wire.router is not None
        with station(wire.router) as gateway, maker.testbed(wire, "asking") as testbed:
            transfer(testbed.ours, testbed.peer, udp(testbed.peer.address, next_port()), **CONTENT)
            asked = {
                frame[ARP].pdst
                for frame in gateway.received(0.2)
                if ARP in frame and frame[ARP].op == 1 and frame[ARP].pdst != testbed.ours.address
            }
    assert asked == {"10.91.0.254"}


@pytest.mark.parametrize("side", ["ours", "peer"])
def test_a_stream_survives_a_link_that_goes_down_and_up(
    own_testbed: Testbed, stream: Stream, side: str
) -> None:
    end = own_testbed.wire.ours if side == "ours" else own_testbed.wire.peer
    link(end, "down")
    time.sleep(OUTAGE_S)
    assert stream.is_under_way
    link(end, "up")
    stream.finish()


@pytest.mark.parametrize("is_announced", [False, True], ids=["silently", "announced"])
def test_a_stream_survives_a_peer_that_changes_its_mac(
    own_testbed: Testbed, stream: Stream, is_announced: bool
) -> None:
    end = own_testbed.wire.peer
    end.namespace.run("sysctl", "-qw", f"net.ipv4.conf.{end.interface}.arp_notify={int(is_announced)}")
    link(end, "down")
    end.namespace.ip("link", "set", end.interface, "address", "02:ad:00:00:00:22")
    time.sleep(OUTAGE_S)
    assert stream.is_under_way
    link(end, "up")
    stream.finish()


def test_a_new_mac_is_used_by_streams_that_begin_after_the_change(own_testbed: Testbed) -> None:
    end = own_testbed.wire.peer
    transfer(own_testbed.ours, own_testbed.peer, udp(own_testbed.peer.address, next_port()), **CONTENT)
    link(end, "down")
    end.namespace.ip("link", "set", end.interface, "address", "02:ad:00:00:00:23")
    link(end, "up")
    transfer(own_testbed.ours, own_testbed.peer, udp(own_testbed.peer.address, next_port()), **CONTENT)
    transfer(own_testbed.peer, own_testbed.ours, udp(own_testbed.ours.address, next_port()), **CONTENT)


def crash(testbed: Testbed) -> None:
    testbed.peer.kill()


def crash_and_stay_silent(testbed: Testbed) -> None:
    testbed.peer.kill()
    link(testbed.wire.peer, "down")


@pytest.mark.parametrize("vanish", [crash, crash_and_stay_silent], ids=["its_process", "the_whole_host"])
def test_a_publication_finds_a_peer_again_that_vanished_and_returned(
    own_testbed: Testbed, vanish: Callable[[Testbed], None]
) -> None:
    """Only the peer is restarted: the publication, its client and our driver keep running."""
    channel = udp(own_testbed.peer.address, next_port())
    endless = {"messages": 10**9, "min": 100, "max": 1000}

    def subscribe() -> ClientProcess:
        client = own_testbed.peer.client(
            "subscribe", channel=channel, verify=True, **{**endless, "messages": 300}
        )
        client.await_event("ready")
        return client

    first = subscribe()
    publisher = own_testbed.ours.client("publish", channel=channel, patient=True, interval_us=500, **endless)
    publisher.await_event("connected")
    first.finish()

    vanish(own_testbed)
    publisher.await_event("disconnected")
    link(own_testbed.wire.peer, "up")
    own_testbed.peer.start()
    second = subscribe()
    publisher.await_event("connected")
    [received] = second.finish()["subscriptions"]
    assert received["sources"][0]["messages"] >= 300
    publisher.stop()
