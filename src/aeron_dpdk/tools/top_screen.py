"""What `aeron-dpdk top` shows: pure functions, from two looks to a screen of a given size."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from aeron_dpdk.observe.counts import BACK_PRESSURE, DROPS
from aeron_dpdk.observe.rates import Rates, StreamRate
from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.view import InterfaceView
from aeron_dpdk.tools.panels import NUMBER, TEXT, error_rows, errors_table, headline, table, titled

SORTS = ("rate", "naks", "ahead", "back pressure", "channel")
KEYS = "q quit   p pause   s sort by {next}"
FIXED_LINES = 16  # all except the headline and the rows of three tables, each of which has at least one
TABLES = 3
DIRECTIONS = ("rx", "tx", "loopback")
_PREFIXES = ("", "k", "M", "G", "T")
_STEP = 1000


@dataclass(frozen=True, slots=True)
class Mode:
    """The user's choices so far, by keys."""

    sort: int = 0
    is_paused: bool = False

    @property
    def sort_name(self) -> str:
        return SORTS[self.sort]

    @property
    def next_sort_name(self) -> str:
        return SORTS[(self.sort + 1) % len(SORTS)]

    def after(self, key: str) -> "Mode":
        match key:
            case "s":
                return Mode((self.sort + 1) % len(SORTS), self.is_paused)
            case "p" | " ":
                return Mode(self.sort, not self.is_paused)
            case _:
                return self


def screen(status: Status, rates: Rates, mode: Mode, console: Console, trouble: str = "") -> Group:
    """At most as high as the console: its last line lists the keys."""
    width = console.width
    top = Text(f"{trouble}\n" if trouble else "", style="bold red").append_text(headline(status))
    top_lines = top.wrap(console, width)[: max(1, console.height - FIXED_LINES - TABLES)]
    drops, errors = drop_rows(status, rates), error_rows(status)
    more_rows = max(0, len(status.driver.interfaces) - len(DIRECTIONS))
    room = console.height - FIXED_LINES - more_rows - len(top_lines)
    drop_count, stream_count, error_count = shares(room, (len(drops), len(rates.streams), len(errors)))
    shown_errors = errors_table(errors[len(errors) - error_count :])
    cut_to(shown_errors, width)
    state = "PAUSED   " if mode.is_paused else ""
    return Group(
        *top_lines,
        Text(link_line(status), no_wrap=True, overflow="ellipsis"),
        traffic_table(status, rates),
        *titled("DROPS AND BACK PRESSURE", drops_table(drops[:drop_count])),
        *titled(
            f"{len(rates.streams)} STREAMS by {mode.sort_name}",
            streams_table(rates, mode, stream_count, width),
        ),
        *titled("ERRORS", shown_errors),
        Text(f"\n{state}{KEYS.format(next=mode.next_sort_name)}", style="reverse"),
    )


def shares(room: int, wanted: Sequence[int]) -> list[int]:
    """The lines that are left, one for each table in turn; too few leave the last tables without any."""
    given = [0] * len(wanted)
    while sum(given) < min(room, sum(wanted)):
        for index, most in enumerate(wanted):
            if given[index] < most and sum(given) < room:
                given[index] += 1
    return given


def link_line(status: Status) -> str:
    """With several interfaces, each has its state in its own row instead."""
    if len(status.driver.interfaces) > 1:
        return status.aeron_dir
    [interface] = status.driver.interfaces
    port = interface.port
    return (
        f"{port.name} ({port.driver}) is {_state(interface)}, {interface.address.local}, {status.aeron_dir}"
    )


def _state(interface: InterfaceView) -> str:
    return "up" if interface.port.is_up else "down"


def traffic_table(status: Status, rates: Rates) -> Table:
    if len(status.driver.interfaces) > 1:
        return interfaces_table(status, rates)
    [counts], [own] = status.counts, rates.interfaces
    rows = []
    for direction in DIRECTIONS:
        packets, octets = f"{direction}-packets", f"{direction}-bytes"
        if packets in counts.traffic:
            rows.append(
                (
                    direction,
                    scaled(own.traffic[packets]),
                    scaled(8 * own.traffic[octets]) if octets in own.traffic else "",
                    f"{counts.traffic[packets]:,}",
                )
            )
    headers = (("", TEXT), ("packets/s", NUMBER), ("bit/s", NUMBER), ("packets", NUMBER))
    return table(headers, rows)


def interfaces_table(status: Status, rates: Rates) -> Table:
    """One line for each, also with a VLAN of four digits and an address of 15 characters."""
    rows = [
        (
            f"{interface.name} {_state(interface)}",
            interface.address.local,
            *(scaled(own.traffic.get(f"{direction}-packets", 0)) for direction in ("rx", "tx")),
            *(scaled(8 * own.traffic.get(f"{direction}-bytes", 0)) for direction in ("rx", "tx")),
            scaled(own.traffic.get("loopback-packets", 0)),
        )
        for interface, own in zip(status.driver.interfaces, rates.interfaces, strict=True)
    ]
    rates_headers = ("rx pps", "tx pps", "rx bit/s", "tx bit/s", "loop")
    return table((("", TEXT), ("", TEXT), *((name, NUMBER) for name in rates_headers)), rows)


def drop_rows(status: Status, rates: Rates) -> list[tuple[str, str, str]]:
    """Drops that have occurred, the growing ones first; with the interface if there are several."""
    found = []
    names = [each.name for each in status.driver.interfaces]
    for name, counts, own in zip(names, status.counts, rates.interfaces, strict=True):
        where = f"{name} " if len(names) > 1 else ""
        totals = {**counts.drops, **counts.back_pressure}
        per_second = {**own.drops, **own.back_pressure}
        reasons = [reason for reason in (*DROPS, *BACK_PRESSURE) if totals.get(reason)]
        found += [(per_second[reason], f"{where}{reason}", totals[reason]) for reason in reasons]
    found.sort(key=lambda each: -each[0])
    return [(reason, scaled(rate), f"{total:,}") for rate, reason, total in found]


def drops_table(rows: Sequence[tuple[str, str, str]]) -> Table:
    return table((("reason", TEXT), ("frames/s", NUMBER), ("frames", NUMBER)), rows)


def streams_table(rates: Rates, mode: Mode, most: int, width: int) -> Table:
    headers = (
        ("", TEXT),
        ("stream", NUMBER),
        ("session", NUMBER),
        ("at B", NUMBER),
        ("B/s", NUMBER),
        ("ahead", NUMBER),
        ("naks", NUMBER),
        ("held", NUMBER),
        ("channel", TEXT),
    )
    rows = [
        (
            "out" if each.stream.direction == "send" else "in",
            str(each.stream.stream_id),
            str(each.stream.session_id),
            scaled(each.position),
            scaled(each.bytes_per_s),
            scaled(each.ahead_bytes),
            scaled(each.naks),
            scaled(each.held_back),
            each.stream.channel.removeprefix("aeron:").removeprefix("udp?endpoint="),
        )
        for each in sorted_streams(rates.streams, mode)[:most]
    ]
    made = table(headers, rows)
    made.columns[0].no_wrap = True
    cut_to(made, width)
    return made


def cut_to(made: Table, width: int) -> None:
    """One line per row: the last column gets the remaining width."""
    last = made.columns[-1]
    last.ratio, last.no_wrap, last.overflow = 1, True, "ellipsis"
    made.width = width


def sorted_streams(streams: tuple[StreamRate, ...], mode: Mode) -> list[StreamRate]:
    match mode.sort_name:
        case "rate":
            return sorted(streams, key=lambda each: -each.bytes_per_s)
        case "naks":
            return sorted(streams, key=lambda each: -each.naks)
        case "ahead":
            return sorted(streams, key=lambda each: -each.ahead_bytes)
        case "back pressure":
            return sorted(streams, key=lambda each: -each.held_back)
        case _:
            return sorted(streams, key=lambda each: (each.stream.channel, each.stream.stream_id))


def scaled(value: float) -> str:
    """Three digits and a prefix: 999, 1.00k, 12.3M."""
    for prefix in _PREFIXES:
        if abs(value) < _STEP - 0.5 or prefix == _PREFIXES[-1]:
            break
        value /= _STEP
    if not prefix:
        return f"{value:.0f}"
    return f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}{prefix}"
