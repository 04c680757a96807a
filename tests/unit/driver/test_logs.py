"""Where log lines leave the process: programs whose stderr a test reads."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import aeron_dpdk

needs_native = pytest.mark.skipif(
    not list(Path(aeron_dpdk.__file__).parent.glob("_native*.so")), reason="the native half is not built"
)
PRELUDE = """
import logging, os, sys, time
from aeron_dpdk.driver.log_lines import LogFormat
from aeron_dpdk.driver.logs import QUEUE_LENGTH, Logs

class NoC:
    def log_to(self, descriptor): pass
    def drain_on_crash(self, source, target): pass
"""


def program(body: str) -> list[str]:
    return [sys.executable, "-c", PRELUDE + textwrap.dedent(body)]


def said(body: str) -> list[str]:
    done = subprocess.run(program(body), capture_output=True, text=True, check=True, timeout=60)
    return done.stderr.splitlines()


def test_what_c_writes_to_stderr_comes_out_as_log_lines() -> None:
    lines = said("""
        with Logs(LogFormat.JSON, NoC()):
            os.write(2, b"WARNING: AERON_X=y is invalid, using default\\n<3>EAL: no memory\\nhalf a li")
            os.write(2, b"ne\\nthe last one")
            logging.getLogger("aeron_dpdk.x").warning("ours")
        os.write(2, b"afterwards\\n")
    """)
    told = [(fields["logger"], fields["level"], fields["message"]) for fields in map(json.loads, lines[:-1])]
    assert sorted(told) == [
        ("aeron", "WARNING", "AERON_X=y is invalid, using default"),
        ("aeron", "WARNING", "half a line"),
        ("aeron", "WARNING", "the last one"),
        ("aeron_dpdk.x", "WARNING", "ours"),
        ("dpdk", "ERROR", "EAL: no memory"),
    ]
    assert lines[-1] == "afterwards"


def test_an_exception_is_logged_with_its_trace_in_one_line_of_json() -> None:
    [line] = said("""
        with Logs(LogFormat.JSON, NoC()):
            try:
                raise ValueError("the reason")
            except ValueError:
                logging.getLogger("aeron_dpdk.x").exception("publishing counts failed")
    """)
    message = json.loads(line)["message"]
    assert message.startswith("publishing counts failed\nTraceback")
    assert message.endswith("ValueError: the reason")


def test_a_line_without_end_is_cut() -> None:
    lines = said("""
        with Logs(LogFormat.TEXT, NoC()):
            for _ in range(100):
                os.write(2, b"x" * 1000)
    """)
    assert lines
    assert max(map(len, lines)) < 5000


def test_logging_does_not_wait_for_a_reader_that_hangs() -> None:
    body = """
        with Logs(LogFormat.TEXT, NoC()):
            log = logging.getLogger("aeron_dpdk.x")
            for number in range(3 * QUEUE_LENGTH):
                log.warning("%d %s", number, "x" * 200)
                os.write(2, b"y" * 200 + b"\\n")
            print("not blocked", flush=True)
            sys.stdin.read()
    """
    with subprocess.Popen(
        program(body), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None and process.stdin is not None
        assert process.stdout.readline() == "not blocked\n"  # nobody has read stderr so far
        process.stdin.close()
        assert "WARNING 0 " in process.stderr.readline()
        process.stderr.read()
        assert process.wait(60) == 0


@needs_native
def test_dpdks_lines_keep_their_level_on_the_way() -> None:
    lines = said("""
        from aeron_dpdk import native
        with Logs(LogFormat.JSON, native.CLog()):
            try:
                native.Eal(["test", "--no-huge", "--no-shconf", "--no-telemetry", "--no-pci", "-m64",
                            "--vdev=net_nonsense0"])
            except Exception:
                pass
    """)
    told = [json.loads(line) for line in lines]
    assert {fields["logger"] for fields in told} == {"dpdk"}
    assert any(fields["level"] == "INFO" and "Detected CPU lcores" in fields["message"] for fields in told)
    assert any(fields["level"] == "ERROR" and "net_nonsense0" in fields["message"] for fields in told)


@needs_native
def test_lines_written_right_before_a_crash_get_out() -> None:
    body = """
        from aeron_dpdk import native
        import aeron_dpdk.driver.logs as logs
        logs.Relay.run = lambda self: time.sleep(60)  # as if the crash came before its turn
        with Logs(LogFormat.TEXT, native.CLog()):
            os.write(2, b"the last words\\n")
            os.abort()
    """
    done = subprocess.run(program(body), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -6
    assert "the last words" in done.stderr
