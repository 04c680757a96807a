"""Aeron traffic between a guest and this machine's kernel, and the kernel's own."""

from dataclasses import dataclass
from typing import Self

from tests.lab.bed.guest import PATIENCE_S, Guest, settles
from tests.lab.bed.hardware import Nic
from tests.system.bed.bed import Content, next_port, udp
from tests.system.bed.client import ClientProcess, digest_of
from tests.system.bed.driver import Driver

CONTENT: Content = {"messages": 200, "min": 1, "max": 12000}
# Twelve seconds at least: longer than any watchdog here takes.
LASTING: Content = {"messages": 1500, "min": 1, "max": 3000, "interval_us": 8000}
# Four, for what is noticed at once.
SHORT: Content = {**LASTING, "messages": 500}


def exchange(one: Driver, other: Driver, **parameters: object) -> None:
    """A stream each way, at the same time, compared byte by byte. `parameters`: of its channel."""
    for stream in Stream.both_ways(one, other, CONTENT, **parameters):
        stream.check()


@dataclass(frozen=True, slots=True)
class Stream:
    """One that goes on while something happens to the device."""

    publisher: ClientProcess
    subscriber: ClientProcess

    @classmethod
    def begin(cls, source: Driver, sink: Driver, content: Content, **parameters: object) -> Self:
        channel = udp(sink.address, next_port(), **parameters)
        subscriber = sink.client("subscribe", channel=channel, messages=content["messages"])
        subscriber.await_event("ready", PATIENCE_S)
        return cls(source.client("publish", channel=channel, **content), subscriber)

    @classmethod
    def both_ways(
        cls, one: Driver, other: Driver, content: Content = LASTING, **parameters: object
    ) -> tuple[Self, Self]:
        return cls.begin(one, other, content, **parameters), cls.begin(other, one, content, **parameters)

    def check(self) -> None:
        """Wait for its end; what came is what was sent."""
        sent = {
            entry["session_id"]: digest_of(entry)
            for entry in self.publisher.finish(PATIENCE_S)["publications"]
        }
        found = self.subscriber.finish(PATIENCE_S)["subscriptions"]
        assert {entry["session_id"]: digest_of(entry) for one in found for entry in one["sources"]} == sent


def take_address(guest: Guest, nic: Nic) -> None:
    """As an administrator would: an address for the kernel's interface, and the interface up."""
    interface = guest.interface(nic)
    guest.inside.ip("address", "add", guest.near(nic).cidr, "dev", interface)
    guest.inside.ip("link", "set", interface, "up")


def drop_address(guest: Guest, nic: Nic) -> None:
    interface = guest.interface(nic)
    guest.inside.ip("address", "flush", "dev", interface)
    guest.inside.ip("link", "set", interface, "down")


def await_ping(guest: Guest, nic: Nic) -> None:
    """The guest's kernel reaches the other end; the emulated link takes seconds to come up."""
    far = guest.far(nic).address
    settles(lambda: guest.attempt("ping", "-c", "1", far).returncode == 0, f"{far} answers")
