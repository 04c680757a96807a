"""How a process that was started is ended."""

import subprocess
import sys

from aeron_dpdk.tools.measure.processes import end_process

IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


def started(program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)


def test_a_process_that_ignores_sigterm_is_killed() -> None:
    with started(IGNORES_SIGTERM) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        end_process(process, 0.2)
        assert process.wait(10) == -9


def test_a_lock_that_a_signal_left_taken_blocks_nobody() -> None:
    process = started(IGNORES_SIGTERM)
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        lock = vars(process)["_waitpid_lock"]
        lock.acquire()  # as a KeyboardInterrupt in the middle of poll() leaves it
        end_process(process, 0.2)
        lock.release()
    assert process.wait(10) == -9
