"""Real clients on a stock kernel aeronmd and on ours exchange streams; every byte is compared."""

import pytest
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Testbed, next_port, transfer, udp

Flow = tuple[Driver, Driver]

HUNDRED_MEGABYTES = 100 * 1000 * 1000


def test_a_hundred_megabytes_arrive_unchanged(flow: Flow) -> None:
    source, sink = flow
    # A message may be an eighth of a term: 128 KiB of the 1 MiB terms, more than ninety fragments.
    sent = transfer(
        source, sink, udp(sink.address, next_port()), messages=3200, min=1, max=128 * 1024, seed=7
    )
    assert sent.messages == 3200
    assert sent.bytes >= HUNDRED_MEGABYTES


def test_messages_as_long_as_two_megabytes_arrive_whole(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port(), term_length="16m")
    assert transfer(source, sink, channel, messages=6, min=1, max=2 * 1024 * 1024).bytes > 2 * 1024 * 1024


def test_small_terms_roll_over_many_times(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port(), term_length="64k")
    sent = transfer(source, sink, channel, messages=2000, min=1, max=8 * 1024)
    assert sent.position > 50 * 64 * 1024


@pytest.mark.parametrize("length", [1, 31, 32, 33, 1376, 1377])
def test_every_message_length_around_a_frame_boundary_arrives(flow: Flow, length: int) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port(), mtu=1408, term_length="64k")
    assert transfer(source, sink, channel, messages=50, min=length, max=length).bytes == 50 * length


def test_the_longest_frame_the_link_carries_arrives(flow: Flow) -> None:
    source, sink = flow
    # 1472 bytes of UDP payload fill a 1500 byte link MTU to the last byte.
    channel = udp(sink.address, next_port(), mtu=1472, term_length="64k")
    assert transfer(source, sink, channel, messages=200, min=1440, max=8 * 1024).messages == 200


@pytest.mark.parametrize("is_exclusive", [False, True], ids=["shared", "exclusive"])
def test_both_kinds_of_publication_arrive_in_order(flow: Flow, is_exclusive: bool) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port())
    subscriber = sink.client("subscribe", channel=channel, messages=500, min=8, max=4000, verify=True)
    subscriber.await_event("ready")
    source.client("publish", channel=channel, messages=500, min=8, max=4000, exclusive=is_exclusive).finish()
    [received] = subscriber.finish()["subscriptions"]
    assert [entry["messages"] for entry in received["sources"]] == [500]


def test_twenty_streams_share_one_channel(flow: Flow) -> None:
    source, sink = flow
    channel = udp(sink.address, next_port(), term_length="64k")
    transfer(source, sink, channel, streams=20, messages=50, min=1, max=3000)


def test_two_hundred_channels_at_once(flow: Flow) -> None:
    source, sink = flow
    channels = [udp(sink.address, next_port(), term_length="64k") for _ in range(200)]
    subscriber = sink.client("subscribe", channel=channels, messages=20, min=1, max=3000)
    subscriber.await_event("ready")
    publisher = source.client("publish", channel=channels, messages=20, min=1, max=3000)
    sent = {entry["session_id"]: entry["digest"] for entry in publisher.finish()["publications"]}
    subscriptions = subscriber.finish()["subscriptions"]
    assert {one["sources"][0]["session_id"]: one["sources"][0]["digest"] for one in subscriptions} == sent
    assert len(sent) == 200


def test_streams_in_both_directions_at_once(testbed: Testbed) -> None:
    there, back = (udp(end.address, next_port()) for end in (testbed.peer, testbed.ours))
    pairs = [(testbed.ours, testbed.peer, there), (testbed.peer, testbed.ours, back)]
    subscribers = [
        sink.client("subscribe", channel=channel, messages=1000, max=8000) for _, sink, channel in pairs
    ]
    for subscriber in subscribers:
        subscriber.await_event("ready")
    publishers = [
        source.client("publish", channel=channel, messages=1000, max=8000) for source, _, channel in pairs
    ]
    sent = [publisher.finish()["publications"][0]["digest"] for publisher in publishers]
    came = [subscriber.finish()["subscriptions"][0]["sources"][0]["digest"] for subscriber in subscribers]
    assert came == sent


def test_the_digest_tells_different_content_apart(testbed: Testbed) -> None:
    digests = {
        transfer(
            testbed.ours, testbed.ours, "aeron:ipc?term-length=64k", stream=stream, messages=3, seed=stream
        ).digest
        for stream in (70, 71, 72)
    }
    assert len(digests) == 3
