"""How log lines look, and what C's lines mean."""

import json
import logging
import os

import pytest

from aeron_dpdk.control.rate import NANOSECONDS
from aeron_dpdk.driver.log_lines import (
    LINES_AT_ONCE,
    LINES_PER_SECOND,
    JournalFormatter,
    JsonFormatter,
    LogFormat,
    TextFormatter,
    Throttle,
    default_format,
    line_of_c,
    log_format,
)


def record(message: str, name: str = "aeron_dpdk.driver", level: int = logging.WARNING) -> logging.LogRecord:
    return logging.LogRecord(name, level, "x.py", 1, message, (), None)


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("<6>EAL: Detected CPU lcores: 2", ("dpdk", logging.INFO, "EAL: Detected CPU lcores: 2")),
        ("<5>EAL: something of note", ("dpdk", logging.INFO, "EAL: something of note")),
        ("<4>ENA: reset", ("dpdk", logging.WARNING, "ENA: reset")),
        ("<3>EAL: Cannot", ("dpdk", logging.ERROR, "EAL: Cannot")),
        ("<0>EAL: panic", ("dpdk", logging.CRITICAL, "EAL: panic")),
        ("<7>PMD: detail", ("dpdk", logging.DEBUG, "PMD: detail")),
        ("WARNING: X=y is invalid", ("aeron", logging.WARNING, "X=y is invalid")),
        ("INFO: attached", ("aeron", logging.INFO, "attached")),
        ("ERROR: driver init", ("aeron", logging.ERROR, "driver init")),
        (
            "libbpf: elf: skipping unrecognized data section(8) .xdp_run_config",
            ("libbpf", logging.INFO, "elf: skipping unrecognized data section(8) .xdp_run_config"),
        ),
        ("libxdp: No bpffs found", ("libxdp", logging.INFO, "No bpffs found")),
        ("free(): invalid pointer", ("aeron", logging.WARNING, "free(): invalid pointer")),
        ("<9>odd", ("aeron", logging.WARNING, "<9>odd")),
        ("", ("aeron", logging.WARNING, "")),
    ],
)
def test_a_line_of_c_has_a_source_and_a_level(line: str, meaning: tuple[str, int, str]) -> None:
    assert line_of_c(line) == meaning


def test_text_names_the_source_unless_it_is_us() -> None:
    assert TextFormatter().format(record("the link is up")) == "WARNING the link is up"
    assert TextFormatter().format(record("EAL: x", "dpdk", logging.INFO)) == "INFO dpdk: EAL: x"


def test_json_is_one_line_with_time_level_logger_and_message() -> None:
    line = JsonFormatter().format(record('two\nlines and a "quote"', "aeron", logging.ERROR))
    fields = json.loads(line)
    assert "\n" not in line
    assert fields.pop("time").endswith("+00:00")
    assert fields == {"level": "ERROR", "logger": "aeron", "message": 'two\nlines and a "quote"'}


def test_the_journal_gets_the_priority_of_every_line() -> None:
    text = JournalFormatter().format(record("one\ntwo", level=logging.ERROR))
    assert text == "<3>ERROR one\n<3>two"


def test_the_journals_format_is_for_the_journals_socket_only() -> None:
    stderr = os.stat("/dev/null")
    stream = f"{stderr.st_dev}:{stderr.st_ino}"
    assert default_format({"JOURNAL_STREAM": stream}, stderr) is LogFormat.JOURNAL
    assert default_format({"JOURNAL_STREAM": "9:9"}, stderr) is LogFormat.TEXT
    assert default_format({}, stderr) is LogFormat.TEXT


def test_the_setting_takes_three_words() -> None:
    assert log_format(" JSON ") is LogFormat.JSON
    with pytest.raises(ValueError, match="text, json or journal"):
        log_format("xml")


def test_a_flood_of_one_logger_is_cut_and_counted_and_others_get_through() -> None:
    now_ns = 1000 * NANOSECONDS
    throttle = Throttle(lambda: now_ns)
    passed = sum(throttle.filter(record("x", "dpdk")) for _ in range(LINES_AT_ONCE + 500))
    assert passed == LINES_AT_ONCE
    assert throttle.filter(record("ours"))
    now_ns += NANOSECONDS
    later = [record(str(number), "dpdk") for number in range(2 * LINES_PER_SECOND)]
    through = [each for each in later if throttle.filter(each)]
    assert len(through) == LINES_PER_SECOND
    assert TextFormatter().format(through[0]) == "WARNING dpdk: 0 (500 lines before this were left out)"
    assert TextFormatter().format(through[1]) == "WARNING dpdk: 1"
