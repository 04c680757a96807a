"""The figures this project set out to reach, each with its goal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aeron_dpdk.tools.measure.results import (
    Spread,
    bytes_per_second,
    messages_per_second,
    percentile_ns,
    spread,
)
from bench.paths import JUMBO_FRAME_PAYLOAD
from bench.results import BenchResults, echo, one_way
from bench.single_costs import Series, Subject

# The largest burst of a poll (native/port/port.h), and of a send call (native/stack/limits.h).
RX_BURST = 32
TX_BURST = 16


Measure = Callable[[BenchResults], Spread | None]


@dataclass(frozen=True, slots=True)
class Goal:
    """`at_most` distinguishes a ceiling from a floor. `of` returns None if its part was not run, and
    `without_aeron` is the same figure for DPDK alone over the same link: about the best that a driver can do.
    """

    name: str
    title: str
    goal: float
    at_most: bool
    unit: str
    of: Measure
    without_aeron: Measure | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A goal and the result; `value` is None if it was not measured, `without_aeron` also if it means
    nothing there."""

    goal: Goal
    value: Spread | None
    without_aeron: Spread | None

    @property
    def is_met(self) -> bool | None:
        return self._meets(self.value)

    @property
    def is_out_of_reach(self) -> bool:
        """DPDK alone does not meet the goal on this machine either."""
        return self._meets(self.without_aeron) is False

    def _meets(self, found: Spread | None) -> bool | None:
        if found is None:
            return None
        return found.median <= self.goal.goal if self.goal.at_most else found.median >= self.goal.goal


def _times(over: str, under: str, length: int) -> Measure:
    return lambda results: results.ratio(over, under, one_way(length), messages_per_second)


def _latency(over: str, under: str, percent: float) -> Measure:
    return lambda results: results.ratio(over, under, echo(32), percentile_ns(percent))


def _bytes_against(floor: str) -> Measure:
    def percent(results: BenchResults) -> Spread | None:
        found = results.ratio("memif", floor, one_way(1344), bytes_per_second)
        return found and Spread(found.median * 100, found.low * 100, found.high * 100)

    return percent


def _bytes_of_jumbo(results: BenchResults) -> Spread | None:
    return results.ratio("vhost_8k", "kernel_lo_8k", one_way(1344), bytes_per_second)


def _bytes_of_jumbo_without_aeron(results: BenchResults) -> Spread | None:
    """Frames as long as those into which Aeron packs messages of 1,344 bytes."""
    floor = results.of("vhost_8k_touching_floor", one_way(JUMBO_FRAME_PAYLOAD))
    kernel = results.of("kernel_lo_8k", one_way(1344))
    return spread(
        [bytes_per_second(floor[each]) / bytes_per_second(kernel[each]) for each in floor if each in kernel]
    )


def _instructions(direction: str, frames: int) -> Measure:
    """Everything that a call with a full burst does, divided by its number of frames."""

    def per_frame(results: BenchResults) -> Spread | None:
        if results.cost is None:
            return None
        found = results.cost.row(direction, frames).ours / frames
        return Spread(found, found, found)

    return per_frame


def _poll_growth(results: BenchResults) -> Spread | None:
    repeats = results.singles.get(Subject.POLL_DPDK, [])
    return spread([costs[Series("idle", 1000)].p50 / costs[Series("idle", 1)].p50 for costs in repeats])


def _hand_off_saved(results: BenchResults) -> Spread | None:
    """The saving for a frame that arrives on the queue of the thread it is for."""
    repeats = results.singles.get(Subject.HAND_OFF, [])
    return spread([costs[Series("handed_over", 1)].p50 - costs[Series("direct", 1)].p50 for costs in repeats])


def _checksum(results: BenchResults) -> Spread | None:
    repeats = results.singles.get(Subject.CHECKSUM, [])
    return spread([costs[Series("checksum", 1)].p50 for costs in repeats])


GOALS = (
    Goal(
        "echo_p50_vs_kernel",
        "echo p50, 32 B: kernel loopback ÷ memif",
        9,
        False,
        "×",
        _latency("kernel_lo", "memif", 50),
        _latency("kernel_lo", "memif_floor", 50),
    ),
    Goal(
        "echo_p99_vs_kernel",
        "echo p99, 32 B: kernel loopback ÷ memif",
        4,
        False,
        "×",
        _latency("kernel_lo", "memif", 99),
        _latency("kernel_lo", "memif_floor", 99),
    ),
    Goal(
        "echo_p999_vs_kernel",
        "echo p99.9, 32 B: kernel loopback ÷ memif",
        5,
        False,
        "×",
        _latency("kernel_lo", "memif", 99.9),
        _latency("kernel_lo", "memif_floor", 99.9),
    ),
    Goal(
        "echo_p999_vs_floor",
        "echo p99.9, 32 B: memif ÷ no Aeron",
        8,
        True,
        "×",
        _latency("memif", "memif_floor", 99.9),
    ),
    Goal(
        "echo_p50_vs_floor",
        "echo p50, 32 B: memif ÷ no Aeron",
        2.0,
        True,
        "×",
        _latency("memif", "memif_floor", 50),
    ),
    Goal(
        "echo_p50_af_xdp_vs_kernel_veth",
        "echo p50, 32 B: kernel veth ÷ af_xdp",
        1.7,
        False,
        "×",
        _latency("kernel_veth", "af_xdp", 50),
        _latency("kernel_veth", "af_xdp_floor", 50),
    ),
    Goal(
        "echo_p50_af_xdp_vs_floor",
        "echo p50, 32 B: af_xdp ÷ no Aeron",
        1.3,
        True,
        "×",
        _latency("af_xdp", "af_xdp_floor", 50),
    ),
    *(
        Goal(
            f"messages_vs_kernel_{length}",
            f"messages a second, {length} B: memif ÷ kernel loopback",
            goal,
            False,
            "×",
            _times("memif", "kernel_lo", length),
            without_aeron,
        )
        # Aeron packs short messages into one frame, which DPDK alone does not.
        for length, goal, without_aeron in (
            (32, 4.0, None),
            (288, 4.0, None),
            (1344, 5.0, _times("memif_touching_floor", "kernel_lo", 1344)),
        )
    ),
    Goal(
        "bytes_vs_floor_1344",
        "bytes a second, 1,344 B: memif ÷ no Aeron",
        60,
        False,
        "%",
        _bytes_against("memif_floor"),
    ),
    Goal(
        "bytes_vs_touching_floor_1344",
        "bytes a second, 1,344 B: memif ÷ no Aeron, payload touched",
        70,
        False,
        "%",
        _bytes_against("memif_touching_floor"),
    ),
    Goal(
        "bytes_8k_vs_kernel",
        "bytes a second, 8 KiB MTU: vhost-user ÷ kernel loopback",
        1.5,
        False,
        "×",
        _bytes_of_jumbo,
        _bytes_of_jumbo_without_aeron,
    ),
    Goal(
        "rx_instructions",
        f"our instructions for a received frame, in bursts of {RX_BURST}",
        90,
        True,
        "instructions",
        _instructions("receive", RX_BURST),
    ),
    Goal(
        "tx_instructions",
        f"our instructions for a sent frame, in bursts of {TX_BURST}",
        120,
        True,
        "instructions",
        _instructions("send", TX_BURST),
    ),
    Goal(
        "handoff_saved_ns",
        "a frame in the queue of its own thread, against one that is handed over",
        100,
        False,
        "ns",
        _hand_off_saved,
    ),
    Goal("poll_1000_vs_1", "idle poll, 1,000 channels ÷ 1", 1.1, True, "×", _poll_growth),
    Goal(
        "checksum_1408_ns",
        "software checksum of 1,408 B",
        60,
        True,
        "ns",
        _checksum,
    ),
    Goal(
        "ready_ms",
        "from start to ready, net_null",
        1000,
        True,
        "ms",
        lambda results: spread([each.ready_ms for each in results.standings]),
    ),
    Goal(
        "idle_wakeups_per_second",
        "wake-ups of an idle driver, data threads apart",
        20,
        True,
        "/s",
        lambda results: spread([each.wake_ups_per_second for each in results.standings]),
    ),
    Goal(
        "idle_cpu_percent",
        "CPU of an idle driver, data threads apart",
        0.2,
        True,
        "%",
        lambda results: spread([each.cpu_percent for each in results.standings]),
    ),
)


def figures(results: BenchResults) -> list[Figure]:
    return [
        Figure(goal, goal.of(results), goal.without_aeron and goal.without_aeron(results)) for goal in GOALS
    ]


def as_json(found: list[Figure]) -> list[dict[str, Any]]:
    """Values are medians over the repeats; those not measured are null, and count as not met."""
    return [
        {
            "name": figure.goal.name,
            "value": None if figure.value is None else figure.value.median,
            "goal": figure.goal.goal,
            "met": bool(figure.is_met),
            "unit": figure.goal.unit,
            "low": None if figure.value is None else figure.value.low,
            "high": None if figure.value is None else figure.value.high,
            "without_aeron": None if figure.without_aeron is None else figure.without_aeron.median,
        }
        for figure in found
    ]
