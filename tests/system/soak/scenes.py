"""A scene: a publisher, its subscribers, and what happens to them. The dice decide everything beforehand."""

import itertools
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.system.fixtures.client import ClientProcess, digest_of
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Content, Testbed, udp

FATES = ("none",) * 6 + ("pause publisher", "pause subscriber", "kill publisher", "kill subscriber")
PAUSE_S = 0.4  # less than any timeout of Aeron's
KILLED = -signal.SIGKILL

_ports = itertools.cycle(range(20000, 30000))
_groups = itertools.cycle(range(1, 250, 2))  # Aeron's control group is the next one


@dataclass
class Casting:
    """Where one scene takes place, and the options of all its clients."""

    source: Driver
    sink: Driver
    content: Content
    subscribers: list[ClientProcess] = field(default_factory=list)

    def subscribe(self, driver: Driver, channel: str, **options: object) -> None:
        self.subscribers.append(
            driver.client("subscribe", channel=channel, verify=True, **self.content, **options)
        )

    def publish(self, channel: str, **options: object) -> ClientProcess:
        for subscriber in self.subscribers:
            subscriber.await_event("ready")
        return self.source.client("publish", channel=channel, patient=True, **self.content, **options)


def unicast(casting: Casting) -> ClientProcess:
    channel = udp(casting.sink.address, next(_ports))
    casting.subscribe(casting.sink, channel)
    return casting.publish(channel)


def exclusive(casting: Casting) -> ClientProcess:
    channel = udp(casting.sink.address, next(_ports), term_length="64k")
    casting.subscribe(casting.sink, channel)
    return casting.publish(channel, exclusive=True)


def several_streams(casting: Casting) -> ClientProcess:
    channel = udp(casting.sink.address, next(_ports))
    casting.subscribe(casting.sink, channel, streams=3)
    return casting.publish(channel, streams=3)


def own_address(casting: Casting) -> ClientProcess:
    channel = udp(casting.source.address, next(_ports))
    casting.subscribe(casting.source, channel)
    return casting.publish(channel)


def kernels_loopback(casting: Casting) -> ClientProcess:
    channel = udp("localhost", next(_ports))
    casting.subscribe(casting.source, channel)
    return casting.publish(channel)


def shared_memory(casting: Casting) -> ClientProcess:
    channel = "aeron:ipc?term-length=64k"
    stream = next(_ports)
    casting.subscribe(casting.source, channel, stream=stream)
    return casting.publish(channel, stream=stream)


def dynamic_destinations(casting: Casting) -> ClientProcess:
    control = f"control={casting.source.address}:{next(_ports)}"
    for driver in (casting.sink, casting.sink, casting.source):
        casting.subscribe(driver, f"{udp(driver.address, next(_ports))}|{control}")
    return casting.publish(f"aeron:udp?control-mode=dynamic|{control}|fc=min,g:/3")


def manual_destinations(casting: Casting) -> ClientProcess:
    channels = [udp(driver.address, next(_ports)) for driver in (casting.sink, casting.source)]
    for driver, channel in zip((casting.sink, casting.source), channels, strict=True):
        casting.subscribe(driver, channel)
    return casting.publish("aeron:udp?control-mode=manual|fc=min,g:/2", destination=channels)


def subscriber_of_two(casting: Casting) -> ClientProcess:
    """Only one of its two destinations has a publisher."""
    channels = [udp(casting.sink.address, next(_ports)) for _ in range(2)]
    casting.subscribe(casting.sink, "aeron:udp?control-mode=manual", destination=channels)
    return casting.publish(channels[0])


def spied_on(casting: Casting) -> ClientProcess:
    channel = udp(casting.sink.address, next(_ports))
    casting.subscribe(casting.sink, channel)
    casting.subscribe(casting.source, f"aeron-spy:{channel}")
    return casting.publish(channel)


def multicast(casting: Casting) -> ClientProcess:
    group, port = f"224.20.31.{next(_groups)}", next(_ports)
    # In this testbed the kernel does not let the stock driver hear the group that it sends to.
    hearers = (casting.sink,) if casting.source.end.is_kernel else (casting.sink, casting.source)
    for driver in hearers:
        casting.subscribe(driver, udp(group, port, interface=driver.end.cidr))
    flow_control = f"min,g:/{len(hearers)}"
    return casting.publish(udp(group, port, interface=casting.source.end.cidr, fc=flow_control))


KINDS: tuple[Callable[[Casting], ClientProcess], ...] = (
    unicast,
    exclusive,
    several_streams,
    own_address,
    kernels_loopback,
    shared_memory,
    dynamic_destinations,
    manual_destinations,
    subscriber_of_two,
    spied_on,
    multicast,
)


class SoakError(AssertionError):
    """A stream did not arrive whole, or a client met an unexpected error."""


class Scene:
    def __init__(self, dice: random.Random, testbed: Testbed) -> None:
        kind = dice.choice(KINDS)
        ends = dice.choice(((testbed.ours, testbed.peer), (testbed.peer, testbed.ours)))
        self.fate = dice.choice(FATES)
        content: Content = {
            "messages": dice.randint(1, 600),
            "min": 16,
            "max": dice.choice((32, 1000, 5000)),
            "seed": dice.getrandbits(31),
        }
        self._suffers_after_s = dice.uniform(0.05, 1.0)
        self.story = f"{kind.__name__} from {ends[0].label}, {content}, fate {self.fate}"
        casting = Casting(*ends, content)
        self.publisher = kind(casting)
        self.subscribers = casting.subscribers
        self._began_s = time.monotonic()
        self._resumes_s = 0.0
        self._victim: ClientProcess | None = None
        self._is_killed = False

    def clients(self) -> Iterator[ClientProcess]:
        yield self.publisher
        yield from self.subscribers

    def is_over(self) -> bool:
        return not any(client.is_running for client in self.clients())

    def turn(self) -> None:
        """Kills and pauses happen when their time has come, and pauses end."""
        now_s = time.monotonic()
        if self._victim is not None and now_s > self._resumes_s:
            self._victim.send_signal(signal.SIGCONT)
            self._victim = None
        if self.fate == "none" or now_s < self._began_s + self._suffers_after_s:
            return
        fate, self.fate = self.fate, "none"
        victim = self.publisher if fate.endswith("publisher") else self.subscribers[0]
        if fate.startswith("pause"):
            victim.send_signal(signal.SIGSTOP)
            self._victim, self._resumes_s = victim, now_s + PAUSE_S
            return
        self._is_killed = True
        for client in (victim, *self.clients()):
            client.kill()

    def check(self) -> None:
        """Called once the scene is over. Raises SoakError."""
        if self._is_killed:
            codes = {client.exit_code for client in self.clients()}
            if codes <= {0, KILLED}:
                return
            raise SoakError(f"{self.story}: exit codes {codes} of clients that were killed")
        try:
            sent = {each["session_id"]: digest_of(each) for each in self.publisher.finish()["publications"]}
            for subscriber in self.subscribers:
                heard = subscriber.finish()["subscriptions"]
                came = {each["session_id"]: digest_of(each) for one in heard for each in one["sources"]}
                if came != sent:
                    raise SoakError(f"{self.story}: sent {sent}, received {came}")
        except SoakError:
            raise
        except Exception as error:
            raise SoakError(f"{self.story}: {error}") from error

    def stop(self) -> None:
        for client in self.clients():
            client.kill()
