"""The format of a log line, and the meaning of a line that C code wrote. Pure."""

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum

from aeron_dpdk.control.rate import TokenBucket

MAX_LINE_LENGTH = 4096

DPDK = "dpdk"
AERON = "aeron"

LINES_PER_SECOND = 50
LINES_AT_ONCE = 1000  # a start with --log-level=*:debug is worth reading

_PRIORITY = re.compile(r"<([0-7])>")
# net_af_xdp's libraries put their names before a line, but no level: a line may be about a failure, or about
# something that they merely do differently. For failures DPDK logs an error of its own.
_LIBRARIES = ("libbpf", "libxdp")
_LEVELS_OF_C = ("DEBUG", "INFO", "WARNING", "ERROR", "FATAL")
_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
_LEVELS = {**dict.fromkeys(range(3), logging.CRITICAL), 3: logging.ERROR, 4: logging.WARNING}


class LogFormat(Enum):
    """`JOURNAL` is text with the priority in front, as in sd-daemon(3)."""

    TEXT = "text"
    JSON = "json"
    JOURNAL = "journal"


def log_format(value: str) -> LogFormat:
    """A setting's parser."""
    try:
        return LogFormat(value.strip().lower())
    except ValueError:
        raise ValueError("text, json or journal") from None


def default_format(environment: Mapping[str, str], stderr: os.stat_result) -> LogFormat:
    """The journal's, if stderr is the journal's socket (systemd.exec(5) JOURNAL_STREAM)."""
    stream = f"{stderr.st_dev}:{stderr.st_ino}"
    return LogFormat.JOURNAL if environment.get("JOURNAL_STREAM") == stream else LogFormat.TEXT


def line_of_c(line: str) -> tuple[str, int, str]:
    """The logger, level and message of a line that C code wrote. Lines from DPDK have their priority in
    front."""
    found = _PRIORITY.match(line)
    if found is not None:
        priority = int(found[1])
        fallback = logging.DEBUG if priority == 7 else logging.INFO
        return DPDK, _LEVELS.get(priority, fallback), line[found.end() :]
    word, colon, rest = line.partition(": ")
    if colon and word in _LEVELS_OF_C:
        return AERON, logging.getLevelNamesMapping()[word], rest
    if colon and word in _LIBRARIES:
        return word, logging.INFO, rest
    return AERON, logging.WARNING, line


class TextFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        source = "" if record.name.startswith("aeron_dpdk") else f"{record.name}: "
        return f"{record.levelname} {source}{_message(record)}"


class JournalFormatter(TextFormatter):
    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines())


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        fields = {"time": time, "level": record.levelname, "logger": record.name, "message": _message(record)}
        return json.dumps(fields)


def formatter_for(log_format_: LogFormat) -> logging.Formatter:
    match log_format_:
        case LogFormat.TEXT:
            return TextFormatter()
        case LogFormat.JSON:
            return JsonFormatter()
        case LogFormat.JOURNAL:
            return JournalFormatter()


class Throttle(logging.Filter):
    """Passes a limited number of lines per second of each logger. The next line that passes says how many
    were left out."""

    def __init__(self, clock: Callable[[], int]) -> None:
        super().__init__()
        self._clock = clock
        self._buckets: dict[str, TokenBucket] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        name = record.name
        bucket = self._buckets.setdefault(name, TokenBucket(LINES_PER_SECOND, LINES_AT_ONCE))
        if not bucket.take(self._clock()):
            self._left_out[name] = self._left_out.get(name, 0) + 1
            return False
        record.left_out = self._left_out.pop(name, 0)
        return True


def _message(record: logging.LogRecord) -> str:
    text = record.getMessage()
    left_out = getattr(record, "left_out", 0)
    return f"{text} ({left_out} lines before this were left out)" if left_out else text
