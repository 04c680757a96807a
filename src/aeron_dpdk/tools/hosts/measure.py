"""Both ends of a measurement between two hosts: ping decides, pong does what it is asked."""

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.tools.hosts.request import (
    ANSWERS_STREAM_ID,
    FIRST_STREAM_ID,
    REQUESTS_STREAM_ID,
    Place,
    Request,
    answer_text,
    failure_text,
    parse_answer,
    parse_request,
)
from aeron_dpdk.tools.measure.job import Phase, PhaseReport, Role

# Pong itself gives up after 10 s (ADK_LOAD_STALL_TIMEOUT_NS of native/load/thread.h).
ANSWER_TIMEOUT_NS = 15 * 10**9
FOR_EVER_NS = (1 << 63) - 1


class HostLink(Protocol):
    """One side's connection to the other: `AeronLink`, `FloorLink`. Its methods raise LoadError."""

    def stop(self) -> None: ...

    def say(self, to: Place, stream_id: int, text: str) -> None: ...

    def hear(self, at: Place, stream_id: int, timeout_ns: int = FOR_EVER_NS) -> str: ...

    def run(self, request: Request, pong: Place) -> PhaseReport: ...


@dataclass(frozen=True, slots=True)
class HostPath:
    """One path between the hosts: a link from here, and pong's address there."""

    name: str
    title: str
    open_link: Callable[[], AbstractContextManager[HostLink]]
    own: Place
    pong: Place


@dataclass(frozen=True, slots=True)
class Measured:
    path: HostPath
    phase: Phase
    repeat: int
    client: PhaseReport
    server: PhaseReport


def measure(
    paths: tuple[HostPath, ...],
    phases: tuple[Phase, ...],
    repeats: int,
    duration_ns: int,
    progress: Callable[[str], None],
    opened: Callable[[HostLink], None],
) -> Iterator[Measured]:
    """All paths in turn for one phase, then for the next phase, and all of that again. Raises LoadError.

    Each measurement opens a new link, and passes it to `opened`: an Aeron client that waited while another
    one measures would be considered dead.
    """
    # So that no stream of an earlier run, over which the drivers still linger, has the same id.
    stream_id = random.randrange(FIRST_STREAM_ID, 1 << 30)
    for repeat in range(repeats):
        for phase in phases:
            for path in paths:
                stream_id += 1
                progress(
                    f"repeat {repeat + 1} of {repeats}: {phase.kind}, {phase.message_length} B, {path.title}"
                )
                request = Request(path.own, stream_id, phase, duration_ns // 4, duration_ns)
                with path.open_link() as link:
                    opened(link)
                    client, server = _measure_one(link, path, request)
                yield Measured(path, phase, repeat, client, server)


def _measure_one(link: HostLink, path: HostPath, request: Request) -> tuple[PhaseReport, PhaseReport]:
    """The client's report and the server's."""
    link.say(path.pong, REQUESTS_STREAM_ID, request.to_json())
    client = link.run(request, path.pong)
    text = link.hear(path.own, ANSWERS_STREAM_ID, ANSWER_TIMEOUT_NS)
    try:
        return client, parse_answer(text)
    except ValueError as error:
        raise LoadError(Role.SERVER, str(error)) from error


def serve(link: HostLink, own: Place, log: Callable[[str], None]) -> None:
    """Does what any ping asks for, until the link is stopped or its driver has gone: then raises
    LoadError."""
    while True:
        text = link.hear(own, REQUESTS_STREAM_ID)
        try:
            _serve_one(link, own, parse_request(text), log)
        except ValueError as error:
            log(str(error))
        except LoadError as error:
            log(f"failed: {error.reason}")


def _serve_one(link: HostLink, own: Place, request: Request, log: Callable[[str], None]) -> None:
    phase = request.phase
    rate = f", {phase.rate:,}/s" if phase.rate else ""
    log(f"{request.reply_to}: {phase.kind}, {phase.message_length:,} B{rate}")
    try:
        answer = answer_text(link.run(request, own))
    except LoadError as error:
        log(f"failed: {error.reason}")
        answer = failure_text(error.reason)
    link.say(request.reply_to, ANSWERS_STREAM_ID, answer)
