"""A control loop over lists, with a clock that a test or the loop's own waiting advances."""

from collections.abc import Callable

from tests.unit.control.fakes import IDENTITY, MS, SECOND, FakeDataPlane, ManualClock

from aeron_dpdk.control.data_plane import Event
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.control.loop import ControlLoop


class Testbed:
    def __init__(self, ipv6: Ipv6Identity | None = None) -> None:
        self.clock = ManualClock()
        self.data_plane = FakeDataPlane(self.clock)
        self.loop = ControlLoop(self.data_plane, IDENTITY, self.clock, ipv6=ipv6)

    def tick(self, *events: Event) -> list[bytes]:
        """One tick, a millisecond after the last, with these events; returns the frames it sent."""
        self.data_plane.events.extend(events)
        self.clock.now_ns += MS
        self.loop.tick()
        return self.data_plane.take_sent()

    def pass_time(self, duration_ns: int) -> list[bytes]:
        return [frame for _ in range(duration_ns // MS) for frame in self.tick()]

    def run(self, duration_ns: int, each: Callable[[], None] = lambda: None) -> int:
        """Runs for that long by its clock; returns the number of turns. `each` is called before each turn."""
        end_ns = self.clock.now_ns + duration_ns
        turns = 0

        def stop() -> bool:
            nonlocal turns
            if self.clock.now_ns >= end_ns:
                return True
            turns += 1
            each()
            return False

        self.loop.run(stop)
        return turns


def settled() -> Testbed:
    """A loop that has made the announcements of its start."""
    testbed = Testbed()
    testbed.pass_time(3 * SECOND)
    return testbed


def stop_after(ticks: int, each: Callable[[], None] = lambda: None) -> Callable[[], bool]:
    left = iter(range(ticks))

    def stop() -> bool:
        each()
        return next(left, None) is None

    return stop
