"""After start the data path neither allocates nor locks, logs, reads the environment or records errors."""

import re
from pathlib import Path

import pytest

from .sources import NATIVE, files, shown

HOT = re.compile(
    r"native/(wire/(ipv6/)?\w+\.h|stack/(ipv6/)?(rx|tx|filter|capture_frame)\w*\.[ch]"
    r"|transport/(ipv6/)?(poll|send)\.c)$"
)
FORBIDDEN = re.compile(
    r"\b(malloc|calloc|realloc|free|aeron_alloc\w*|aeron_free|rte_z?malloc\w*|rte_free"
    r"|f?printf|s?n?printf|puts|perror|rte_log|RTE_LOG|syslog"
    r"|getenv|AERON_SET_ERR|AERON_APPEND_ERR|adk_set_error"
    r"|pthread_mutex_\w+|rte_spinlock_\w+|rte_rwlock_\w+|nanosleep|usleep)\s*\("
)
HOT_FILES = [path for path in files(".c", ".h", below=NATIVE) if HOT.search(path.as_posix())]


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)


def forbidden_calls(source: str) -> list[str]:
    return FORBIDDEN.findall(without_comments(source))


def test_the_data_path_is_where_this_test_looks() -> None:
    assert {"rx", "tx", "poll", "send"} <= {path.stem for path in HOT_FILES}


@pytest.mark.parametrize("path", HOT_FILES, ids=shown)
def test_the_data_path_calls_nothing_slow(path: Path) -> None:
    assert forbidden_calls(path.read_text()) == []


@pytest.mark.parametrize(
    "call", ["malloc(1)", "printf (text)", 'AERON_SET_ERR(1, "%s", x)', "rte_spinlock_lock(&l)"]
)
def test_a_slow_call_is_found(call: str) -> None:
    assert forbidden_calls(f"/* malloc() */ {call};") != []
