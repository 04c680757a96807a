"""The kinds of channel in test_channels.py, over IPv6, each between a kernel driver and ours."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import digest_of
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import AF_PACKET, Maker, Testbed, next_port, subscribe, udp
from tests.system.test_channels import (
    CONTENT,
    Flow,
    digests,
    test_a_dynamic_mdc_control_port_may_be_a_wildcard,
    test_a_dynamic_mdc_publication_reaches_subscribers_on_both_drivers,
    test_a_session_specific_subscription_hears_only_its_session,
    test_a_spy_alone_can_stand_for_a_connection,
    test_a_spy_sees_what_goes_out_to_the_wire,
    test_a_wildcard_port_is_resolved_and_reachable,
    test_answers_come_back_on_a_response_channel,
    test_any_session_id_crosses,
    test_one_subscription_hears_two_destinations,
    test_publisher_and_subscriber_of_one_driver_meet_on_its_own_address,
)

__all__ = [
    "test_a_dynamic_mdc_control_port_may_be_a_wildcard",
    "test_a_dynamic_mdc_publication_reaches_subscribers_on_both_drivers",
    "test_a_session_specific_subscription_hears_only_its_session",
    "test_a_spy_alone_can_stand_for_a_connection",
    "test_a_spy_sees_what_goes_out_to_the_wire",
    "test_a_wildcard_port_is_resolved_and_reachable",
    "test_answers_come_back_on_a_response_channel",
    "test_any_session_id_crosses",
    "test_one_subscription_hears_two_destinations",
    "test_publisher_and_subscriber_of_one_driver_meet_on_its_own_address",
]

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS, PEER = "fd91::1", "fd91::2"


@pytest.fixture(scope="module")
def six(maker: Maker) -> Iterator[Testbed]:
    """Both drivers have IPv4 too; the address that identifies each is an IPv6 one."""
    with topology.straight("six", is_ours_kernel=False) as wire, ExitStack() as undo:
        topology.take_ipv6(wire.peer, f"{PEER}/64")
        # The kernel sends traffic to itself through its loopback interface.
        wire.peer.namespace.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
        settings = {
            "AERON_DPDK_LOCAL_IPV4_ADDRESS": wire.ours.cidr,
            "AERON_DPDK_LOCAL_IPV6_ADDRESS": f"{OURS}/64",
        }
        ends = replace(wire.ours, address=f"[{OURS}]"), replace(wire.peer, address=f"[{PEER}]")
        ours = maker.dpdk(ends[0], AF_PACKET, "six-ours", settings=settings)
        made = Testbed(wire, ours, maker.kernel(ends[1], "six-peer"))
        undo.callback(made.discard)
        made.start()
        yield made
        assert ours.stop() == 0, ours.output


@pytest.fixture
def testbed(six: Testbed) -> Iterator[Testbed]:
    yield six
    six.reap()
    assert six.ours.is_running and six.peer.is_running


@pytest.fixture(params=["from_us_to_the_kernel", "from_the_kernel_to_us"])
def flow(request: pytest.FixtureRequest, testbed: Testbed) -> tuple[Driver, Driver]:
    pair = testbed.ours, testbed.peer
    return pair if request.param == "from_us_to_the_kernel" else (pair[1], pair[0])


def test_a_manual_mdc_publication_reaches_every_destination(flow: Flow) -> None:
    """With a control address: without one its socket is an IPv4 one, in Aeron too."""
    source, sink = flow
    hearers = (sink, sink, source)
    destinations = [udp(driver.address, next_port()) for driver in hearers]
    subscribers = [
        subscribe(driver, destination, **CONTENT)
        for driver, destination in zip(hearers, destinations, strict=True)
    ]
    channel = f"aeron:udp?control-mode=manual|control={source.address}:{next_port()}|fc=min,g:/3"
    [sent] = source.client("publish", channel=channel, destination=destinations, **CONTENT).finish()[
        "publications"
    ]
    for subscriber in subscribers:
        assert digests(subscriber.finish()) == {digest_of(sent)}


def test_a_subscription_has_a_group_and_both_families_among_its_destinations(flow: Flow) -> None:
    source, sink = flow
    ipv4 = {OURS: "10.91.0.1", PEER: "10.91.0.2"}[sink.address.strip("[]")]
    group, port = "[ff15::91:3]", next_port()
    heard = [
        udp(group, port, interface=f"{sink.address}/64"),
        udp(sink.address, next_port()),
        udp(ipv4, next_port()),
    ]
    subscriber = subscribe(
        sink, "aeron:udp?control-mode=manual", destination=heard, sources=len(heard), **CONTENT
    )
    channels = [udp(group, port, interface=f"{source.address}/64"), *heard[1:]]
    publishers = [
        source.client("publish", channel=channel, seed=seed, **CONTENT)
        for seed, channel in enumerate(channels)
    ]
    sent = {digest_of(publisher.finish()["publications"][0]) for publisher in publishers}
    assert len(sent) == len(heard)
    assert digests(subscriber.finish()) == sent
