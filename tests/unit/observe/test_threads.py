"""Threads from /proc."""

import os
import threading
from pathlib import Path

import pytest

from aeron_dpdk.observe.threads import cpu_list, threads_of


@pytest.mark.parametrize(
    ("cpus", "text"), [({0}, "0"), ({0, 1, 2, 7}, "0-2,7"), ({1, 3}, "1,3"), (set(), ""), ({63, 64}, "63-64")]
)
def test_cpus_are_written_as_ranges(cpus: set[int], text: str) -> None:
    assert cpu_list(cpus) == text


def test_our_own_threads_are_found_with_their_affinity() -> None:
    found: list[int] = []
    ready, done = threading.Event(), threading.Event()

    def live() -> None:
        found.append(threading.get_native_id())
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        found.append(min(os.sched_getaffinity(0)))
        ready.set()
        done.wait(10)

    thread = threading.Thread(target=live)
    thread.start()
    ready.wait(10)
    shown = {each.id: each for each in threads_of(os.getpid())}
    done.set()
    thread.join()
    assert shown[found[0]].cpus == str(found[1])
    assert shown[os.getpid()].cpu_time_ms > 0


def test_a_name_with_parentheses_and_spaces_is_read_whole(tmp_path: Path) -> None:
    task = tmp_path / "1" / "task" / str(os.getpid())
    task.mkdir(parents=True)
    ticks = os.sysconf("SC_CLK_TCK")
    fields = ["S", *["0"] * 10, str(2 * ticks), str(ticks), *["0"] * 23, "5", "0"]
    (task / "stat").write_text(f"{os.getpid()} (a) (b c) {' '.join(fields)}\n")
    [thread] = threads_of(1, tmp_path)
    assert (thread.name, thread.cpu, thread.cpu_time_ms) == ("a) (b c", 5, 3000)


def test_a_process_that_is_hidden_has_no_threads(tmp_path: Path) -> None:
    assert threads_of(1, tmp_path) == ()
