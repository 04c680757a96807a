"""Takes a seeded few data frames off a wire, keeps the account of them, and lets everything else through."""

import random
import struct
from dataclasses import dataclass, field

from tests.system.bed.frames import Forger

_UDP_PAYLOAD_OFFSET = 14 + 20 + 8
_DATA_TYPE = 0x01  # AERON_HDR_TYPE_DATA of aeron_udp_protocol.h, as is the layout
_HEADER = struct.Struct("<iBBHiiii")  # length, version, flags, type, term offset, session, stream, term id


@dataclass(frozen=True, slots=True)
class DataFrame:
    """Where a datagram's first byte stands in its stream, and how long its payload is in bytes."""

    session_id: int
    stream_id: int
    term_id: int
    term_offset: int
    length: int


def data_frame_in(frame: bytes) -> DataFrame | None:
    """None for anything but Aeron data with something in it."""
    payload = frame[_UDP_PAYLOAD_OFFSET:]
    if len(payload) < _HEADER.size:
        return None
    frame_length, version, _, type_, term_offset, session_id, stream_id, term_id = _HEADER.unpack_from(
        payload
    )
    if frame_length <= 0 or version != 0 or type_ != _DATA_TYPE:
        return None
    return DataFrame(session_id, stream_id, term_id, term_offset, len(payload))


@dataclass
class Thief(Forger):
    """Takes first transmissions only, at a `rate`, and never two in a row: each one is a gap of its own."""

    rate: float = 0.0
    seen: list[DataFrame] = field(init=False, default_factory=list)
    taken: list[DataFrame] = field(init=False, default_factory=list)

    def _spoil(self, frame: bytes, dice: random.Random, held: list[bytes]) -> list[bytes]:
        data = data_frame_in(frame)
        if data is None or data in self.seen:
            return [frame]
        previous = self.seen[-1] if self.seen else None
        self.seen.append(data)
        if dice.random() < self.rate and not (self.taken and self.taken[-1] == previous):
            self.taken.append(data)
            return []
        return [frame]
