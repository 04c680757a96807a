"""Multicast over the DPDK port, with the stock driver at the other end."""

from itertools import count

import pytest
from tests.system.fixtures.client import digest_of, received_by
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import (
    AF_PACKET,
    Content,
    Maker,
    Testbed,
    next_port,
    subscribe,
    transfer,
    udp,
)
from tests.system.fixtures.tool import aeron_dpdk
from tests.system.fixtures.topology import Wire

Flow = tuple[Driver, Driver]
CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}
_hosts = count(1, 2)  # Aeron's data groups have an odd last octet; the control group is the next one up.


def group(driver: Driver, address: str, port: int, **parameters: object) -> str:
    """A channel of the group at `driver`'s end of the wire."""
    return udp(address, port, interface=driver.end.cidr, **parameters)


def next_group() -> str:
    """A group for one test: a subscription of another test that is not closed yet must not hear it."""
    return f"224.20.30.{next(_hosts)}"


def test_a_stream_to_a_group_crosses(flow: Flow) -> None:
    source, sink = flow
    address, port = next_group(), next_port()
    transfer(source, sink, group(source, address, port), group(sink, address, port), **CONTENT)


@pytest.mark.usefixtures("dpdk_only")
def test_two_subscribers_one_of_them_stock_hear_the_same_and_set_the_pace_together(testbed: Testbed) -> None:
    """Only from us: on these interfaces the stock driver does not hear the group that it sends to."""
    address, port = next_group(), next_port()
    subscribers = [
        subscribe(driver, group(driver, address, port), **CONTENT) for driver in (testbed.ours, testbed.peer)
    ]
    publisher = testbed.ours.client(
        "publish", channel=group(testbed.ours, address, port, fc="min,g:/2"), **CONTENT
    )
    [sent] = publisher.finish()["publications"]
    assert [set(received_by(each)) for each in subscribers] == [{digest_of(sent)}] * 2


def test_publisher_and_subscriber_of_one_driver_meet_in_a_group(testbed: Testbed) -> None:
    channel = group(testbed.ours, next_group(), next_port())
    transfer(testbed.ours, testbed.ours, channel, messages=300, min=1, max=30000)


def test_tagged_flow_control_waits_for_the_receivers_of_its_tag(flow: Flow) -> None:
    source, sink = flow
    address, port = next_group(), next_port()
    subscriber = subscribe(sink, group(sink, address, port, gtag=7), **CONTENT)
    publisher = source.client("publish", channel=group(source, address, port, fc="tagged,g:7/1"), **CONTENT)
    [sent] = publisher.finish()["publications"]
    assert set(received_by(subscriber)) == {digest_of(sent)}


@pytest.mark.usefixtures("dpdk_only")
def test_publishers_on_both_drivers_share_a_group(testbed: Testbed) -> None:
    address, port = next_group(), next_port()
    subscriber = subscribe(testbed.ours, group(testbed.ours, address, port), sources=2, **CONTENT)
    publishers = [
        driver.client("publish", channel=group(driver, address, port, fc="min,g:/1"), seed=seed, **CONTENT)
        for seed, driver in enumerate((testbed.ours, testbed.peer), start=1)
    ]
    sent = {digest_of(each.finish()["publications"][0]) for each in publishers}
    assert len(sent) == 2
    assert set(received_by(subscriber)) == sent


def test_a_subscription_takes_a_group_as_one_of_its_destinations(flow: Flow) -> None:
    source, sink = flow
    address, port, unicast = next_group(), next_port(), next_port()
    subscriber = subscribe(
        sink,
        "aeron:udp?control-mode=manual",
        destination=[group(sink, address, port), udp(sink.address, unicast)],
        sources=2,
        **CONTENT,
    )
    publishers = [
        source.client("publish", channel=channel, seed=seed, **CONTENT)
        for seed, channel in enumerate((group(source, address, port), udp(sink.address, unicast)), start=1)
    ]
    sent = {digest_of(each.finish()["publications"][0]) for each in publishers}
    assert set(received_by(subscriber)) == sent


def test_a_spy_sees_what_goes_out_to_a_group(flow: Flow) -> None:
    source, sink = flow
    address, port = next_group(), next_port()
    listeners = [
        subscribe(sink, group(sink, address, port), **CONTENT),
        subscribe(source, f"aeron-spy:{group(source, address, port)}", **CONTENT),
    ]
    [sent] = source.client("publish", channel=group(source, address, port), **CONTENT).finish()[
        "publications"
    ]
    assert [set(received_by(each)) for each in listeners] == [{digest_of(sent)}] * 2


@pytest.mark.usefixtures("dpdk_only")
def test_without_an_interface_the_group_is_on_the_port(testbed: Testbed) -> None:
    address, port = next_group(), next_port()
    subscriber = subscribe(testbed.ours, udp(address, port), patient=True, **CONTENT)
    channels = aeron_dpdk("status", testbed.ours, "--json").json["channels"]
    assert [each["media"] for each in channels if f"{address}:{port}" in each["uri"]] == [["dpdk"]]
    subscriber.stop()


@pytest.mark.usefixtures("dpdk_only")
@pytest.mark.parametrize("mode", ["SHARED_NETWORK", "SHARED"])
def test_where_sender_and_receiver_are_one_thread_groups_work_too(
    maker: Maker, wire: Wire, mode: str
) -> None:
    ours = maker.dpdk(wire.ours, AF_PACKET, "group-ours", settings={"AERON_THREADING_MODE": mode})
    peer = maker.kernel(wire.peer, "group-peer")
    try:
        for driver in (ours, peer):
            driver.start()
        for source, sink in ((ours, peer), (peer, ours), (ours, ours)):
            address, port = next_group(), next_port()
            transfer(source, sink, group(source, address, port), group(sink, address, port), **CONTENT)
    finally:
        for driver in (ours, peer):
            driver.discard()
