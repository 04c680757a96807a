"""Channels and streams, assembled from counters."""

import struct

from aeron_dpdk.observe.cnc import AeronCounter
from aeron_dpdk.observe.streams import channels_in, longest_cycles_in, streams_in

URI = "aeron:udp?endpoint=10.0.0.1:4000"


def counter(id_: int, type_id: int, value: int, label: str = "", key: bytes = b"") -> AeronCounter:
    return AeronCounter(id_, type_id, value, label, key.ljust(112, b"\0"), 0)


def position(type_id: int, value: int, session_id: int = -7, channel: str = URI) -> AeronCounter:
    key = struct.pack("<qiii", 1, session_id, 1001, len(channel)) + channel.encode()
    return counter(0, type_id, value, key=key)


def address(channel_id: int, text: str) -> AeronCounter:
    return counter(0, 14, 1, key=struct.pack("<ii", channel_id, len(text)) + text.encode())


def test_a_channel_has_its_addresses_and_its_state() -> None:
    [channel] = channels_in(
        [
            counter(5, 7, 1, f"rcv-channel: {URI} 10.0.0.1:4000"),
            address(5, "10.0.0.1:4000"),
            address(5, "10.0.0.1:4001"),
            address(6, "10.0.0.9:9"),
        ]
    )
    assert (channel.direction, channel.uri, channel.state) == ("receive", URI, "active")
    assert channel.addresses == ("10.0.0.1:4000", "10.0.0.1:4001")


def test_a_channel_tells_what_carries_each_of_its_addresses() -> None:
    label = "dpdk-transport: {} {}, polled by 1 the port, 2 the kernel, 3 both"
    own = ("10.0.0.1:4000", "127.0.0.1:4000", "10.0.0.1:4001", "[::1]:4002")
    [channel] = channels_in(
        [
            counter(5, 7, 1, f"rcv-channel: {URI} 10.0.0.1:4000"),
            *(address(5, each) for each in own),
            counter(8, 76, 1, label.format("receiver", own[0])),
            counter(9, 76, 2, label.format("receiver", own[1])),
            counter(10, 76, 3, label.format("receiver", own[2])),
            counter(11, 76, 1, label.format("sender", own[3])),
        ]
    )
    assert channel.media == ("dpdk", "kernel", "dpdk+kernel", "")


def test_a_channel_that_failed_says_so() -> None:
    [channel] = channels_in([counter(5, 6, -1, f"snd-channel: {URI}")])
    assert (channel.direction, channel.state, channel.addresses) == ("send", "errored", ())


def test_positions_of_one_stream_are_together_and_of_two_sessions_apart() -> None:
    streams = streams_in(
        [position(12, 96), position(2, 64), position(9, 4096), position(2, 32, session_id=8)]
    )
    assert [(each.session_id, each.direction, each.positions) for each in streams] == [
        (-7, "send", {"pub-pos": 96, "snd-pos": 64, "snd-lmt": 4096}),
        (8, "send", {"snd-pos": 32}),
    ]


def test_a_publication_and_an_image_of_the_same_session_are_two_streams() -> None:
    streams = streams_in([position(2, 64), position(5, 64)])
    assert [each.direction for each in streams] == ["send", "receive"]


def test_the_slowest_of_two_subscriptions_is_shown() -> None:
    [stream] = streams_in([position(5, 640), position(4, 320), position(4, 32), position(4, 64)])
    assert stream.positions == {"rcv-pos": 640, "sub-pos": 32}


def test_longest_cycles_are_assigned_to_threads_by_their_ids() -> None:
    system = [
        counter(0, 0, value, key=struct.pack("<i", id_))
        for id_, value in ((26, 5), (27, 1), (28, 6), (30, 7))
    ]
    assert longest_cycles_in(system) == {"conductor": 5, "sender": 6, "receiver": 7}
