"""The figures this project set out to reach, each with its goal."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aeron_dpdk.tools.bench.results import (
    Results,
    Spread,
    bytes_per_second,
    echo,
    messages_per_second,
    one_way,
    percentile_ns,
    spread,
)

# The largest burst of a poll (native/port/port.h), and of a send call (native/stack/limits.h).
RX_BURST = 32
TX_BURST = 16


@dataclass(frozen=True, slots=True)
class Goal:
    """`at_most` tells a ceiling from a floor. `of` gives None where its part was not run."""

    name: str
    title: str
    goal: float
    at_most: bool
    unit: str
    of: Callable[[Results], Spread | None]


@dataclass(frozen=True, slots=True)
class Figure:
    """A goal and what was found; `value` None where it was not measured."""

    goal: Goal
    value: Spread | None

    @property
    def is_met(self) -> bool | None:
        if self.value is None:
            return None
        found = self.value.median
        return found <= self.goal.goal if self.goal.at_most else found >= self.goal.goal


def _times(over: str, under: str, length: int) -> Callable[[Results], Spread | None]:
    return lambda results: results.ratio(over, under, one_way(length), messages_per_second)


def _latency(over: str, under: str, percent: float) -> Callable[[Results], Spread | None]:
    return lambda results: results.ratio(over, under, echo(32), percentile_ns(percent))


def _bytes_against_floor(results: Results) -> Spread | None:
    found = results.ratio("memif", "memif_floor", one_way(1344), bytes_per_second)
    return found and Spread(found.median * 100, found.low * 100, found.high * 100)


def _instructions(direction: str, frames: int) -> Callable[[Results], Spread | None]:
    """Of a call with a full burst, everything it does, shared out over its frames."""

    def per_frame(results: Results) -> Spread | None:
        if results.cost is None:
            return None
        found = results.cost.row(direction, frames).ours / frames
        return Spread(found, found, found)

    return per_frame


def _poll_growth(results: Results) -> Spread | None:
    repeats = results.polls.get("poll-dpdk", [])
    return spread([costs["1000"]["idle_ns"] / costs["1"]["idle_ns"] for costs in repeats])


GOALS = (
    Goal(
        "echo_p50_vs_kernel",
        "echo p50, 32 B: kernel loopback ÷ memif",
        9,
        False,
        "×",
        _latency("kernel_lo", "memif", 50),
    ),
    Goal(
        "echo_p99_vs_kernel",
        "echo p99, 32 B: kernel loopback ÷ memif",
        4,
        False,
        "×",
        _latency("kernel_lo", "memif", 99),
    ),
    Goal(
        "echo_p999_vs_kernel",
        "echo p99.9, 32 B: kernel loopback ÷ memif",
        5,
        False,
        "×",
        _latency("kernel_lo", "memif", 99.9),
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
    ),
    *(
        Goal(
            f"messages_vs_kernel_{length}",
            f"messages a second, {length} B: memif ÷ kernel loopback",
            goal,
            False,
            "×",
            _times("memif", "kernel_lo", length),
        )
        for length, goal in ((32, 4.0), (288, 4.0), (1344, 5.0))
    ),
    Goal(
        "bytes_vs_floor_1344",
        "bytes a second, 1,344 B: memif ÷ no Aeron",
        60,
        False,
        "%",
        _bytes_against_floor,
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
    Goal("poll_1000_vs_1", "idle poll, 1,000 channels ÷ 1", 1.1, True, "×", _poll_growth),
    Goal(
        "checksum_1408_ns",
        "software checksum of 1,408 B",
        60,
        True,
        "ns",
        lambda results: spread(results.checksums_ns),
    ),
)


def figures(results: Results) -> list[Figure]:
    return [Figure(goal, goal.of(results)) for goal in GOALS]


def as_json(found: list[Figure]) -> list[dict[str, Any]]:
    """Values are medians over the repeats; null, and not met, where nothing was measured."""
    return [
        {
            "name": figure.goal.name,
            "value": None if figure.value is None else figure.value.median,
            "goal": figure.goal.goal,
            "met": bool(figure.is_met),
            "unit": figure.goal.unit,
            "low": None if figure.value is None else figure.value.low,
            "high": None if figure.value is None else figure.value.high,
        }
        for figure in found
    ]
