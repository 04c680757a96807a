"""The changes per second between two looks at the same driver. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.streams import Stream


@dataclass(frozen=True, slots=True)
class StreamRate:
    """`position` is that of the sender, or of the slowest subscriber. `ahead_bytes` lie between it and its
    limit: the window that flow control leaves to the sender, or what the subscriber has not read yet. `naks`
    show loss; `held_back` shows back pressure."""

    stream: Stream
    position: int
    bytes_per_s: float
    ahead_bytes: int
    naks: int
    held_back: int


@dataclass(frozen=True, slots=True)
class InterfaceRates:
    """Per second, by the names of the counts."""

    traffic: dict[str, float]
    drops: dict[str, float]
    back_pressure: dict[str, float]


@dataclass(frozen=True, slots=True)
class Rates:
    interfaces: tuple[InterfaceRates, ...]
    streams: tuple[StreamRate, ...]


def rates_between(before: Status | None, now: Status) -> Rates:
    """Every rate is 0 if there is no `before`, or if the driver has been restarted since."""
    if before is None or before.facts.start_ms != now.facts.start_ms or before.at_ms >= now.at_ms:
        before = now
    seconds = (now.at_ms - before.at_ms) / 1000 or 1.0
    known = {_key(each): each for each in before.streams}
    return Rates(
        interfaces=tuple(
            InterfaceRates(
                traffic=_per_second(was.traffic, each.traffic, seconds),
                drops=_per_second(was.drops, each.drops, seconds),
                back_pressure=_per_second(was.back_pressure, each.back_pressure, seconds),
            )
            for was, each in zip(before.counts, now.counts, strict=True)
        ),
        streams=tuple(_stream_rate(known.get(_key(each), each), each, seconds) for each in now.streams),
    )


def _per_second(before: Mapping[str, int], now: Mapping[str, int], seconds: float) -> dict[str, float]:
    return {name: (value - before.get(name, value)) / seconds for name, value in now.items()}


def _key(stream: Stream) -> tuple[str, int, int, str]:
    return stream.direction, stream.session_id, stream.stream_id, stream.channel


def _stream_rate(before: Stream, now: Stream, seconds: float) -> StreamRate:
    is_sender = now.direction == "send"
    own, bound = ("sub-pos", "rcv-pos")
    if is_sender:  # IPC has no sender
        own, bound = ("snd-pos", "snd-lmt") if "snd-pos" in now.positions else ("pub-pos", "pub-lmt")
    position = now.positions.get(own, now.positions.get(bound, 0))
    return StreamRate(
        stream=now,
        position=position,
        bytes_per_s=(position - before.positions.get(own, position)) / seconds,
        ahead_bytes=now.positions.get(bound, position) - position,
        naks=now.positions.get("snd-naks-received" if is_sender else "rcv-naks-sent", 0),
        held_back=now.positions.get("snd-bpe", 0),
    )
