"""Frames on the wire: seen, sent and forged with scapy through raw sockets."""

import contextlib
import itertools
import random
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from scapy.layers.l2 import Ether
from scapy.packet import Packet
from tests.system.bed.namespace import packet_socket
from tests.system.bed.topology import End, TappedWire

FRAME_LENGTH_MAX = 65536
ANSWER_TIMEOUT_S = 10.0
FAULTS = ("drop", "duplicate", "corrupt", "reorder")


class Station:
    """A host of scapy's on one end of a wire: whatever it sends leaves through that end's interface."""

    def __init__(self, end: End) -> None:
        self.end = end
        self._socket = packet_socket(end.namespace, end.interface)

    def send(self, *packets: Packet | bytes) -> None:
        for packet in packets:
            self._socket.send(bytes(packet))

    def received(self, timeout_s: float) -> Iterator[Packet]:
        """Frames that arrive from the wire until the time is up; our own are not among them."""
        deadline = time.monotonic() + timeout_s
        while (left := deadline - time.monotonic()) > 0:
            if not select.select([self._socket], [], [], left)[0]:
                return
            frame, origin = self._socket.recvfrom(FRAME_LENGTH_MAX)
            if origin[2] != socket.PACKET_OUTGOING:
                yield Ether(frame)

    def drain(self) -> None:
        """Forget what has arrived so far."""
        for _ in self.received(0.05):
            pass

    def await_frame(
        self, accept: Callable[[Packet], bool], timeout_s: float = ANSWER_TIMEOUT_S
    ) -> Packet | None:
        return next((packet for packet in self.received(timeout_s) if accept(packet)), None)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def station(end: End) -> Iterator[Station]:
    opened = Station(end)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def flood(end: End, frames: list[bytes]) -> Iterator[None]:
    """At full rate, from `end`, until the block ends."""
    stop = threading.Event()

    def send() -> None:
        with station(end) as attacker:
            for frame in itertools.cycle(frames):
                if stop.is_set():
                    return
                attacker.send(frame)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@dataclass
class Forger:
    """Carries frames between both halves of a tapped wire and spoils a seeded few of them on the way."""

    tapped: TappedWire
    seed: int
    drop: float = 0.0
    duplicate: float = 0.0
    corrupt: float = 0.0
    reorder: float = 0.0
    spoiled: dict[str, int] = field(init=False, default_factory=lambda: dict.fromkeys(FAULTS, 0))

    def _spoil(self, frame: bytes, dice: random.Random, held: list[bytes]) -> list[bytes]:
        """What leaves instead of `frame`; `held` carries at most one frame over to the next call."""
        if dice.random() < self.drop:
            self.spoiled["drop"] += 1
            return []
        if dice.random() < self.corrupt:
            self.spoiled["corrupt"] += 1
            flipped = bytearray(frame)
            flipped[dice.randrange(14, len(flipped))] ^= 1 << dice.randrange(8)
            frame = bytes(flipped)
        if held:
            return [frame, held.pop()]
        if dice.random() < self.reorder:
            self.spoiled["reorder"] += 1
            held.append(frame)
            return []
        if dice.random() < self.duplicate:
            self.spoiled["duplicate"] += 1
            return [frame, frame]
        return [frame]

    def _carry(self, stop: threading.Event, left: socket.socket, right: socket.socket) -> None:
        dice = random.Random(self.seed)
        across = {left: right, right: left}
        held: dict[socket.socket, list[bytes]] = {left: [], right: []}
        while not stop.is_set():
            for source in select.select([left, right], [], [], 0.1)[0]:
                try:
                    frame, origin = source.recvfrom(FRAME_LENGTH_MAX)
                except OSError:
                    continue  # ENETDOWN, once for each time that the interface goes down
                if origin[2] == socket.PACKET_OUTGOING:
                    continue
                for outgoing in self._spoil(frame, dice, held[source]):
                    with contextlib.suppress(OSError):
                        across[source].send(outgoing)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        stop = threading.Event()
        left = packet_socket(self.tapped.middle, self.tapped.to_ours)
        right = packet_socket(self.tapped.middle, self.tapped.to_peer)
        thread = threading.Thread(target=self._carry, args=(stop, left, right))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
            left.close()
            right.close()
