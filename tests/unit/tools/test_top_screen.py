"""What top shows of two views, on a terminal of 80 columns by 24 lines."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from tests.unit.observe.statuses import COUNTS, OTHER_COUNTS, STATUS, URI
from tests.unit.observe.views import INTERFACE, SECOND, seen

from aeron_dpdk.observe.cnc import DistinctError
from aeron_dpdk.observe.counts import DROPS
from aeron_dpdk.observe.rates import rates_between
from aeron_dpdk.observe.status import Status
from aeron_dpdk.observe.streams import Stream
from aeron_dpdk.tools.top_screen import SORTS, Mode, scaled, screen

LATER = replace(
    STATUS,
    at_ms=STATUS.at_ms + 1000,
    counts=(
        replace(
            COUNTS,
            traffic={**COUNTS.traffic, "rx-packets": 12_355, "rx-bytes": 1_001_000},
            drops={**COUNTS.drops, "rx-missed": 7, "rx-no-endpoint": 2},
        ),
    ),
)


def with_drops(status: Status, drops: dict[str, int]) -> Status:
    return replace(status, counts=(replace(status.counts[0], drops=drops),))


def shown(
    status: Status, mode: Mode | None = None, height: int = 24, trouble: str = "", before: Status = STATUS
) -> list[str]:
    console = Console(width=80, height=height, file=io.StringIO(), force_terminal=False)
    with console.capture() as capture:
        console.print(screen(status, rates_between(before, status), mode or Mode(), console, trouble))
    return [line.rstrip() for line in capture.get().splitlines()]


def many_streams(count: int) -> Status:
    uri = "aeron:udp?endpoint=a-host-with-quite-a-long-name.example.org:40123|alias=number-"
    return replace(
        LATER,
        streams=tuple(Stream("send", id_, id_, f"{uri}{id_}", {"snd-pos": id_}) for id_ in range(count)),
    )


def test_rates_and_totals_are_side_by_side() -> None:
    lines = shown(LATER)
    assert any(line.split() == ["rx", "12.3k", "8.00M", "12,355"] for line in lines)


def test_growing_drops_come_first() -> None:
    lines = shown(with_drops(LATER, {**LATER.counts[0].drops, "rx-missed": 6}))
    start = next(number for number, line in enumerate(lines) if line.startswith("reason"))
    assert [line.split()[0] for line in lines[start + 1 : start + 3]] == ["rx-no-endpoint", "rx-missed"]


FOUR = replace(
    LATER,
    driver=seen(INTERFACE, *(replace(SECOND, name=f"dpdk{number}") for number in (1, 2, 3))),
    counts=(*LATER.counts, OTHER_COUNTS, OTHER_COUNTS, OTHER_COUNTS),
)
BEFORE_FOUR = replace(FOUR, at_ms=STATUS.at_ms, counts=(COUNTS, OTHER_COUNTS, OTHER_COUNTS, OTHER_COUNTS))


def test_of_several_interfaces_each_has_a_row_and_its_name_before_its_drops() -> None:
    lines = shown(FOUR, before=BEFORE_FOUR)
    rows = [line.split() for line in lines]
    assert ["dpdk0", "up", "10.0.0.5", "12.3k", "0", "8.00M", "0", "0"] in rows
    assert ["dpdk1", "up", "10.0.1.5", "0", "0", "0", "0", "0"] in rows
    assert ["dpdk1", "rx-missed", "0", "6"] in rows or ["dpdk0", "rx-missed", "1", "7"] in rows
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert lines[-1].startswith("q quit")


def test_eight_interfaces_that_share_a_port_have_a_line_each_whatever_else_there_is_to_show() -> None:
    names = (
        "dpdk0",
        *(f"dpdk0:{number}" for number in (1, 2, 3)),
        *(f"dpdk0.409{digit}" for digit in range(4)),
    )
    far = replace(SECOND.address, local="192.168.100.200")
    status = replace(
        many_streams(40),
        driver=seen(INTERFACE, *(replace(SECOND, name=name, address=far) for name in names[1:])),
        counts=(*LATER.counts, *[OTHER_COUNTS] * 7),
        errors=tuple(DistinctError(1, 0, at_ms, "(22) Invalid argument") for at_ms in range(9)),
    )
    before = replace(status, at_ms=STATUS.at_ms, counts=(COUNTS, *[OTHER_COUNTS] * 7), errors=())
    lines = shown(status, before=before)
    assert [line.split()[0] for line in lines if line.split()[1:2] == ["up"]] == list(names)
    assert len(lines) <= 24 and max(map(len, lines)) <= 80
    assert lines[-1].startswith("q quit")


def test_a_screen_has_24_lines_of_80_columns_however_many_streams_there_are() -> None:
    lines = shown(many_streams(500))
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "500 STREAMS by rate" in lines
    assert lines[-1].startswith("q quit")


@given(
    streams=st.integers(0, 40),
    drops=st.sets(st.sampled_from(DROPS)),
    errors=st.integers(0, 9),
    trouble=st.sampled_from(("", "the driver does not answer", "no driver " * 20)),
    problems=st.lists(st.just("the conductor has made no progress for 12.5 s"), max_size=2),
)
def test_the_keys_are_on_the_last_line_whatever_else_there_is_to_show(
    streams: int, drops: set[str], errors: int, trouble: str, problems: list[str]
) -> None:
    status = replace(
        with_drops(many_streams(streams), {name: int(name in drops) for name in DROPS}),
        errors=tuple(
            DistinctError(1, 0, at_ms, "(22) Invalid argument\nwhat happened") for at_ms in range(errors)
        ),
        problems=tuple(problems),
    )
    lines = shown(status, trouble=trouble)
    assert len(lines) <= 24
    assert lines[-1].startswith("q quit")
    for title, count in (("reason", len(drops)), ("last seen", errors)):
        assert any(line.startswith(title) for line in lines) == (count > 0)


def test_only_the_channel_is_shortened_where_80_columns_are_too_few() -> None:
    stream = Stream("send", -1_646_991_578, 1001, f"{URI}|alias={'x' * 90}", {"snd-pos": 123_456_789})
    directory = f"/dev/shm/{'d' * 90}"
    lines = shown(replace(LATER, streams=(stream,), aeron_dir=directory))
    [row] = [line for line in lines if line.startswith("out")]
    assert row.split()[:3] == ["out", "1001", "-1646991578"]
    assert row.endswith("…")
    assert len(row) == 80
    assert lines[1].endswith("…")


def test_a_higher_terminal_shows_more_streams() -> None:
    def streams(height: int) -> int:
        return sum("a-host-with" in line for line in shown(many_streams(500), height=height))

    assert streams(60) == streams(24) + 36


def test_the_latest_errors_are_there_with_what_happened_in_one_line_each() -> None:
    text = "(101) Network is unreachable\n[refuse_address, transport.c:23] 10.9.9.9: " + "gateway " * 20
    lines = shown(replace(LATER, errors=(DistinctError(4, 0, 1_795_348_800_000, text),)))
    [row] = [line for line in lines if "unreachable" in line]
    assert "(101) Network is unreachable: 10.9.9.9:" in row
    assert (len(row), row[-1]) == (80, "…")


@pytest.mark.parametrize(
    ("sort", "first"), [("rate", 1), ("naks", 2), ("ahead", 3), ("back pressure", 4), ("channel", 5)]
)
def test_streams_are_sorted_by_what_was_chosen(sort: str, first: int) -> None:
    positions = {
        1: {"snd-pos": 9000},
        2: {"snd-pos": 0, "snd-naks-received": 5},
        3: {"snd-pos": 0, "snd-lmt": 99},
        4: {"snd-pos": 0, "snd-bpe": 7},
        5: {"snd-pos": 0},
    }
    before = tuple(Stream("send", id_, id_, f"{URI}{9 - id_}", {"snd-pos": 0}) for id_ in positions)
    now = tuple(replace(each, positions=positions[each.session_id]) for each in before)
    was, status = replace(STATUS, streams=before), replace(LATER, streams=now)
    console = Console(width=80, height=40, file=io.StringIO())
    with console.capture() as capture:
        console.print(screen(status, rates_between(was, status), Mode(SORTS.index(sort)), console))
    lines = capture.get().splitlines()
    top = lines[next(number for number, line in enumerate(lines) if line.split()[:1] == ["stream"]) + 1]
    assert top.split()[1] == str(first)


def test_keys_change_the_sort_in_a_circle_and_pause() -> None:
    mode = Mode()
    for name in (*SORTS[1:], SORTS[0]):
        mode = mode.after("s")
        assert mode.sort_name == name
    assert mode.after("p").is_paused
    assert not mode.after("p").after(" ").is_paused
    assert mode.after("x") == mode.after("") == mode
    assert shown(LATER, Mode(is_paused=True))[-1].startswith("PAUSED")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (7.4, "7"), (999.4, "999"), (999.6, "1.00k"), (1234, "1.23k"), (12_345, "12.3k"),
        (999_600, "1.00M"), (4.2e9, "4.20G"), (1e15, "1000T"), (-1500, "-1.50k"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_a_prefix(value: float, text: str) -> None:
    assert scaled(value) == text
