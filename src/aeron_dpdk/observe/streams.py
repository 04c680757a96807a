"""What Aeron's counters say together: channels with their addresses, streams with their positions, and the
longest duty cycles of conductor, sender and receiver.

Keys and type ids: aeron_counters.h and concurrent/aeron_counters_manager.h.
"""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from aeron_dpdk.observe.cnc import AeronCounter

_SYSTEM = 0
_CHANNEL_KINDS = {6: "send", 7: "receive"}
_LOCAL_ADDRESS = 14
_TRANSPORT = 76  # AERON_COUNTER_DPDK_TRANSPORT_TYPE_ID; see native/transport/transport.c show()
_TRANSPORT_LABEL = re.compile(r"dpdk-transport: (sender|receiver) (\S+), polled by ")
_TRANSPORT_DIRECTIONS = {"sender": "send", "receiver": "receive"}
_MEDIA = {1: "dpdk", 2: "kernel", 3: "dpdk+kernel"}  # enum adk_medium_en
_POSITIONS = {
    1: "pub-lmt",
    2: "snd-pos",
    3: "rcv-hwm",
    4: "sub-pos",
    5: "rcv-pos",
    9: "snd-lmt",
    12: "pub-pos",
    13: "snd-bpe",
    19: "snd-naks-received",
    20: "rcv-naks-sent",
}
_CHANNEL_STATES = {-1: "errored", 0: "initialising", 1: "active", 2: "closing"}
_SYSTEM_ID = struct.Struct("<i")
_STREAM_KEY = struct.Struct("<qiii")  # registration id, session id, stream id, length of the channel
_ADDRESS_KEY = struct.Struct("<ii")  # id of the channel's status counter, length of the address
_CYCLE_COUNTERS = {26: "conductor", 28: "sender", 30: "receiver"}  # AERON_SYSTEM_COUNTER_ID_*_MAX_CYCLE_TIME


@dataclass(frozen=True, slots=True)
class Channel:
    """`direction` is "send" or "receive"; `addresses` are our own IP:port, as far as they are known; `media`
    says what carries each: "dpdk", "kernel", "dpdk+kernel", or "" while nobody polls it."""

    direction: str
    uri: str
    state: str
    addresses: tuple[str, ...]
    media: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """A publication or an image: positions in bytes, with Aeron's names."""

    direction: str
    session_id: int
    stream_id: int
    channel: str
    positions: dict[str, int]


def channels_in(counters: Iterable[AeronCounter]) -> tuple[Channel, ...]:
    counters = tuple(counters)
    addresses: dict[int, list[str]] = {}
    for counter in counters:
        if counter.type_id == _LOCAL_ADDRESS:
            channel_id, length = _ADDRESS_KEY.unpack_from(counter.key)
            text = counter.key[_ADDRESS_KEY.size : _ADDRESS_KEY.size + length].decode(errors="replace")
            addresses.setdefault(channel_id, []).append(text)
    media = _media_in(counters)
    return tuple(
        Channel(
            (direction := _CHANNEL_KINDS[each.type_id]),
            _uri(each.label),
            _CHANNEL_STATES.get(each.value, str(each.value)),
            (own := tuple(addresses.get(each.id, ()))),
            tuple(media.get((direction, address), "") for address in own),
        )
        for each in counters
        if each.type_id in _CHANNEL_KINDS
    )


def _media_in(counters: Iterable[AeronCounter]) -> dict[tuple[str, str], str]:
    """By direction and own address."""
    matches = (
        (_TRANSPORT_LABEL.match(each.label), each.value) for each in counters if each.type_id == _TRANSPORT
    )
    return {
        (_TRANSPORT_DIRECTIONS[match[1]], match[2]): _MEDIA.get(value, "")
        for match, value in matches
        if match
    }


def streams_in(counters: Iterable[AeronCounter]) -> tuple[Stream, ...]:
    """If an image has several subscriptions, its position is that of the slowest one."""
    found: dict[tuple[bool, int, int, str], dict[str, int]] = {}
    for counter in counters:
        name = _POSITIONS.get(counter.type_id)
        if name is None:
            continue
        _, session_id, stream_id, length = _STREAM_KEY.unpack_from(counter.key)
        channel = counter.key[_STREAM_KEY.size : _STREAM_KEY.size + length].decode(errors="replace")
        is_image = name.startswith(("rcv", "sub"))
        positions = found.setdefault((is_image, session_id, stream_id, channel), {})
        positions[name] = min(counter.value, positions.get(name, counter.value))
    return tuple(
        Stream("receive" if is_image else "send", session_id, stream_id, channel, positions)
        for (is_image, session_id, stream_id, channel), positions in found.items()
    )


def system_counters_in(counters: Iterable[AeronCounter]) -> dict[int, int]:
    """Values by AERON_SYSTEM_COUNTER_ID_*."""
    return {_SYSTEM_ID.unpack_from(each.key)[0]: each.value for each in counters if each.type_id == _SYSTEM}


def longest_cycles_in(counters: Iterable[AeronCounter]) -> dict[str, int]:
    """Nanoseconds, by "conductor", "sender" and "receiver"; since the start, and without idling."""
    system = system_counters_in(counters)
    return {role: system[id_] for id_, role in _CYCLE_COUNTERS.items() if id_ in system}


def _uri(label: str) -> str:
    """The label is "snd-channel: URI address"; without an address until there is one."""
    return label.partition(": ")[2].partition(" ")[0]
