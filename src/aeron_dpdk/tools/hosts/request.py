"""What ping asks of pong, in one text per measurement, and where both listen.

Pong builds its channel from the request's fields and accepts no string as a channel: an unknown host can make
it measure, within bounds, and nothing else.
"""

import json
from dataclasses import asdict, dataclass
from ipaddress import IPv4Address
from typing import Any

from aeron_dpdk.tools.measure.conditions import TERM_LENGTH
from aeron_dpdk.tools.measure.job import Phase, PhaseKind, PhaseReport, phase_report

PONG_PORT = 20123
REQUESTS_STREAM_ID = 1
ANSWERS_STREAM_ID = 2
FIRST_STREAM_ID = 1000
LAST_STREAM_ID = (1 << 31) - 1
MAX_RATE = 100_000_000
MAX_MESSAGE_LENGTH = 65504
MAX_REASON_LENGTH = 400
MAX_PHASE_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True)
class Place:
    """Where one side's driver listens."""

    address: IPv4Address
    udp_port: int

    def __str__(self) -> str:
        return f"{self.address}:{self.udp_port}"

    @property
    def channel(self) -> str:
        return f"aeron:udp?endpoint={self}|term-length={TERM_LENGTH}"


@dataclass(frozen=True, slots=True)
class Request:
    """`reply_to` is where echoes and the answer are sent."""

    reply_to: Place
    stream_id: int
    phase: Phase
    warmup_ns: int
    duration_ns: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)


def parse_request(text: str) -> Request:
    """Raises ValueError."""
    try:
        fields = json.loads(text)
        place, phase = fields["reply_to"], fields["phase"]
        return Request(
            Place(IPv4Address(place["address"]), _between(place["udp_port"], 1, 65535)),
            _between(fields["stream_id"], FIRST_STREAM_ID, LAST_STREAM_ID),
            Phase(
                PhaseKind(phase["kind"]),
                _between(phase["message_length"], 1, MAX_MESSAGE_LENGTH),
                _between(phase["rate"], 0, MAX_RATE),
            ),
            _between(fields["warmup_ns"], 0, MAX_PHASE_NS),
            _between(fields["duration_ns"], 1, MAX_PHASE_NS),
        )
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a request that this version knows: {error}") from error


def _between(value: Any, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{value!r} is not between {low} and {high}")
    return value


def answer_text(report: PhaseReport) -> str:
    return json.dumps(asdict(report))


def failure_text(reason: str) -> str:
    return json.dumps({"failure": reason.encode("ascii", "replace").decode()[:MAX_REASON_LENGTH]})


def parse_answer(text: str) -> PhaseReport:
    """Raises ValueError, with pong's own reason if it gave one."""
    try:
        fields = json.loads(text)
        if "failure" in fields:
            raise ValueError(str(fields["failure"]))
        return phase_report(fields)
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an answer that this version knows: {error}") from error
