"""The kinds of channel Aeron has, each crossing between a kernel driver and ours."""

import time

import pytest
from tests.system.fixtures.client import Digest, digest_of
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Content, Testbed, next_port, subscribe, transfer, udp

Flow = tuple[Driver, Driver]
IPC = "aeron:ipc?term-length=64k"
CONTENT: Content = {"messages": 200, "min": 1, "max": 4000}


def digests(event: dict[str, list[dict[str, list[dict[str, object]]]]]) -> set[Digest]:
    return {digest_of(source) for one in event["subscriptions"] for source in one["sources"]}


def test_a_dynamic_mdc_publication_reaches_subscribers_on_both_drivers(flow: Flow) -> None:
    source, sink = flow
    control = f"control={source.address}:{next_port()}"
    subscribers = [
        subscribe(driver, udp(driver.address, next_port()) + f"|{control}", **CONTENT)
        for driver in (sink, sink, source)
    ]
    publisher = source.client(
        "publish", channel=f"aeron:udp?control-mode=dynamic|{control}|fc=min,g:/3", **CONTENT
    )
    [sent] = publisher.finish()["publications"]
    for subscriber in subscribers:
        assert digests(subscriber.finish()) == {digest_of(sent)}


def test_a_manual_mdc_publication_reaches_every_destination(flow: Flow) -> None:
    source, sink = flow
    destinations = [
        udp(sink.address, next_port()),
        udp(sink.address, next_port()),
        udp(source.address, next_port()),
    ]
    subscribers = [
        subscribe(driver, destination, **CONTENT)
        for driver, destination in zip((sink, sink, source), destinations, strict=True)
    ]
    publisher = source.client(
        "publish", channel="aeron:udp?control-mode=manual|fc=min,g:/3", destination=destinations, **CONTENT
    )
    [sent] = publisher.finish()["publications"]
    for subscriber in subscribers:
        assert digests(subscriber.finish()) == {digest_of(sent)}


def test_one_subscription_hears_two_destinations(flow: Flow) -> None:
    source, sink = flow
    destinations = [udp(sink.address, next_port()) for _ in range(2)]
    subscriber = subscribe(
        sink, "aeron:udp?control-mode=manual", destination=destinations, sources=2, **CONTENT
    )
    publishers = [
        source.client("publish", channel=destination, seed=seed, **CONTENT)
        for seed, destination in enumerate(destinations, start=1)
    ]
    sent = {digest_of(publisher.finish()["publications"][0]) for publisher in publishers}
    assert len(sent) == 2
    assert digests(subscriber.finish()) == sent


def test_a_wildcard_port_is_resolved_and_reachable(flow: Flow) -> None:
    source, sink = flow
    subscriber = sink.client("subscribe", channel=udp(sink.address, 0), **CONTENT)
    [ready] = subscriber.await_event("ready")["subscriptions"]
    [address] = ready["local"]
    assert address.startswith(f"{sink.address}:")
    assert address != f"{sink.address}:0"
    assert ready["resolved"] == f"aeron:udp?endpoint={address}"

    [sent] = source.client("publish", channel=ready["resolved"], **CONTENT).finish()["publications"]
    assert digests(subscriber.finish()) == {digest_of(sent)}


def test_a_publication_tells_the_port_it_was_given(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port())
    subscriber = subscribe(sink, channel, **CONTENT)
    publisher = source.client("publish", channel=channel, **CONTENT)
    [ready] = publisher.await_event("ready")["publications"]
    address, _, port = ready["local"].rpartition(":")
    assert address in {source.address, "0.0.0.0"}
    assert int(port) > 0
    publisher.finish()
    [received] = subscriber.finish()["subscriptions"]
    # The peer sees the stream come from exactly the address and port that the publication reports.
    assert received["sources"][0]["identity"] == f"{source.address}:{port}"


def test_a_dynamic_mdc_control_port_may_be_a_wildcard(flow: Flow) -> None:
    source, sink = flow
    publisher = source.client(
        "publish", channel=f"aeron:udp?control-mode=dynamic|control={source.address}:0", **CONTENT
    )
    [ready] = publisher.await_event("ready")["publications"]
    subscriber = subscribe(sink, udp(sink.address, next_port()) + f"|control={ready['local']}", **CONTENT)
    [sent] = publisher.finish()["publications"]
    assert digests(subscriber.finish()) == {digest_of(sent)}


def test_a_spy_sees_what_goes_out_to_the_wire(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port())
    listeners = [subscribe(sink, channel, **CONTENT), subscribe(source, f"aeron-spy:{channel}", **CONTENT)]
    publisher = source.client("publish", channel=channel, **CONTENT)
    [sent] = publisher.finish()["publications"]
    for listener in listeners:
        assert digests(listener.finish()) == {digest_of(sent)}


def test_a_spy_alone_can_stand_for_a_connection(testbed: Testbed) -> None:
    channel = udp(testbed.peer.address, next_port())
    spy = subscribe(testbed.ours, f"aeron-spy:{channel}", **CONTENT)
    [sent] = testbed.ours.client("publish", channel=f"{channel}|ssc=true", **CONTENT).finish()["publications"]
    assert digests(spy.finish()) == {digest_of(sent)}


def test_ipc_works_as_ever(testbed: Testbed) -> None:
    transfer(testbed.ours, testbed.ours, IPC, **CONTENT)


def test_a_session_specific_subscription_hears_only_its_session(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port())
    chosen, everything = (
        subscribe(sink, f"{channel}|session-id=7001", **CONTENT),
        subscribe(sink, channel, sources=2, **CONTENT),
    )
    publishers = [
        source.client(
            "publish", channel=f"{channel}|session-id={session}", exclusive=True, seed=session, **CONTENT
        )
        for session in (7001, 7002)
    ]
    sent = [digest_of(publisher.finish()["publications"][0]) for publisher in publishers]
    assert digests(chosen.finish()) == {sent[0]}
    assert digests(everything.finish()) == set(sent)


def test_answers_come_back_on_a_response_channel(flow: Flow) -> None:
    """Client on the first driver, server on the second."""
    client_driver, server_driver = flow
    requests = udp(server_driver.address, next_port())
    responses = f"aeron:udp?control-mode=response|control={server_driver.address}:{next_port()}"
    server = server_driver.client("respond", channel=requests, response_channel=responses)
    server.await_event("ready")
    client = client_driver.client(
        "request", channel=requests, response_channel=responses, messages=50, min=1, max=1000
    )
    answered = client.finish()
    assert answered["answers"] == 50
    assert answered["received_digest"] == answered["sent_digest"]
    server.stop()


def test_channels_may_name_the_interface(flow: Flow) -> None:
    source, sink = flow
    port = next_port()
    transfer(
        source,
        sink,
        udp(sink.address, port, interface=source.end.cidr),
        udp(sink.address, port, interface=sink.end.cidr),
        **CONTENT,
    )


def test_channels_may_name_hosts(flow: Flow) -> None:
    source, sink = flow
    transfer(source, sink, udp(sink.end.host_name, next_port()), **CONTENT)


def test_publisher_and_subscriber_of_one_driver_meet_on_its_own_address(testbed: Testbed) -> None:
    transfer(
        testbed.ours, testbed.ours, udp(testbed.ours.address, next_port()), messages=500, min=1, max=60000
    )


@pytest.mark.parametrize("session_id", [-1, 0, 2147483647])
def test_any_session_id_crosses(flow: Flow, session_id: int) -> None:
    source, sink = flow
    transfer(source, sink, udp(sink.address, next_port(), session_id=session_id), **CONTENT)


def test_a_channel_may_ask_when_its_messages_were_received(flow: Flow) -> None:
    """Also tests the driver over sockets, so that both have to meet the same requirement."""
    source, sink = flow
    channel = udp(sink.address, next_port(), media_rcv_ts_offset="reserved")
    subscriber = sink.client("subscribe", channel=channel, messages=50, min=1, max=1000)
    subscriber.await_event("ready")
    started_ns = time.time_ns()
    source.client("publish", channel=channel, messages=50, min=1, max=1000).finish()
    [subscription] = subscriber.finish()["subscriptions"]
    [received] = subscription["sources"]
    assert started_ns < received["reserved_value"] < time.time_ns()
