"""The tracer against a thread of another process that makes known system calls between its marks."""

import subprocess
import sys

import pytest

from aeron_dpdk.tools.bench.syscalls import SystemCalls, can_count, counted, names

pytestmark = pytest.mark.skipif(not can_count(), reason="system calls are counted on x86-64 only")

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


def trace() -> SystemCalls:
    found: list[SystemCalls] = []
    process = subprocess.Popen([sys.executable, "-c", TRACED], stdin=subprocess.PIPE, text=True)
    with counted([process.pid], found):
        assert process.stdin is not None
        await_tracer(process.pid)
        process.stdin.write("\n")
        process.stdin.close()
        assert process.wait(30) == 0
    return found[0]


def await_tracer(pid: int) -> None:
    """Until a thread of the process is traced."""
    script = f"until grep -q 'TracerPid:.[1-9]' /proc/{pid}/task/*/status; do sleep 0.02; done"
    subprocess.run(["sh", "-c", script], check=True, timeout=30, stderr=subprocess.DEVNULL)


def test_calls_between_the_marks_are_counted_and_no_others() -> None:
    calls = trace()
    if calls.failure is not None:
        pytest.skip(f"this machine lets nobody trace: {calls.failure}")
    getppid = names().get(110, "110")
    assert [phase[getppid] for phase in calls.phases] == [3, 0]


def test_a_thread_that_makes_none_is_reported_as_quiet() -> None:
    calls = trace()
    if calls.failure is not None:
        pytest.skip(f"this machine lets nobody trace: {calls.failure}")
    assert sum(calls.phases[1].values()) == 0


def test_a_process_that_cannot_be_traced_is_a_failure_and_no_zero() -> None:
    found: list[SystemCalls] = []
    with counted([2**22 + 1], found):
        pass
    assert found[0].failure is not None
    assert found[0].phases == []
