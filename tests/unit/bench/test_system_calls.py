"""strace against a thread of another process that makes known system calls between its marks."""

import subprocess
import sys

import pytest
from bench.system_calls import SystemCalls, calls_of_phases, can_count, counted

pytestmark = pytest.mark.skipif(not can_count(), reason="strace is not installed")

# getrusage() is the mark; PR_SET_NAME makes the thread one to be traced.
TRACED = """
import ctypes, os, resource, sys, threading

def measured(calls):
    resource.getrusage(resource.RUSAGE_THREAD)
    for _ in range(calls):
        os.getppid()
    resource.getrusage(resource.RUSAGE_THREAD)

def run():
    ctypes.CDLL(None).prctl(15, b"adk-load", 0, 0, 0)
    begin.wait()
    measured(3)
    os.getppid()
    measured(0)

begin = threading.Event()
thread = threading.Thread(target=run)
thread.start()
sys.stdin.readline()
begin.set()
thread.join()
"""


@pytest.fixture(scope="module")
def calls() -> SystemCalls:
    found: list[SystemCalls] = []
    process = subprocess.Popen([sys.executable, "-c", TRACED], stdin=subprocess.PIPE, text=True)
    with counted([process.pid], found):
        process.communicate("\n", timeout=30)
    if (failure := found[0].failure) is not None:
        pytest.skip(f"this machine does not allow tracing: {failure}")
    return found[0]


def test_calls_between_the_marks_are_counted_and_no_others(calls: SystemCalls) -> None:
    assert [phase["getppid"] for phase in calls.phases] == [3, 0]


def test_a_thread_that_makes_none_is_reported_as_quiet(calls: SystemCalls) -> None:
    assert sum(calls.phases[1].values()) == 0


def test_a_process_that_cannot_be_traced_is_a_failure_not_a_zero() -> None:
    found: list[SystemCalls] = []
    with counted([2**22 + 1], found):
        pass
    assert found[0].failure is not None
    assert found[0].phases == []


def test_lines_that_are_no_call_are_skipped() -> None:
    log = 'getrusage(1, {}) = 0\nwrite(3, "x", 1) = 1\n+++ exited with 0 +++\n'
    assert calls_of_phases(log) == [{"write": 1}]
