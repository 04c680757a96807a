"""The archive for support: complete whatever is wrong, and without secrets."""

import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.tools.report import LEFT_OUT, LOG_BYTES, end_of, output_of, without_secrets

PROGRAM = (sys.executable, "-c", "from aeron_dpdk.tools.main import main; main()")
EXPECTED = (
    "versions",
    "doctor",
    "devices",
    "status",
    "counters",
    "errors",
    "loss",
    "environment",
    "setup-undo",
)


def report(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "report", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **environment},
    )


def contents(archive: Path) -> dict[str, str]:
    """By path below the one top folder."""
    with tarfile.open(archive) as opened:
        texts = {member.name: opened.extractfile(member) for member in opened.getmembers()}
        assert {name.partition("/")[0] for name in texts} == {archive.name.removesuffix(".tar.gz")}
        return {
            name.partition("/")[2]: file.read().decode() for name, file in texts.items() if file is not None
        }


def test_without_a_driver_the_archive_has_all_that_can_be_known(tmp_path: Path) -> None:
    archive, log = tmp_path / "case-7.tar.gz", tmp_path / "driver.log"
    log.write_text("EAL: it began\nAERON_API_TOKEN=hunter2\n")
    done = report(
        *("-w", str(archive), "--log", str(log), "--aeron-dir", str(tmp_path / "none")),
        AERON_DPDK_MTU="9000",
        AERON_ARCHIVE_PASSWORD="correct-horse",
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "addresses and host names" in done.stdout
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    found = contents(archive)
    assert set(EXPECTED) <= {name.partition(".")[0] for name in found}
    assert "is not the Aeron directory of a driver" in found["status.txt"]
    assert f"(exit code {ExitCode.NO_DRIVER})" in found["status.txt"]
    assert "AERON_DPDK_MTU=9000" in found["environment.txt"]
    assert "EAL: it began" in found["logs/0-driver.log"]
    assert "MemTotal" in found["system/proc-meminfo"]
    assert not [name for name, text in found.items() if "hunter2" in text or "correct-horse" in text]


def test_a_file_that_is_there_already_stays(tmp_path: Path) -> None:
    archive = tmp_path / "old.tar.gz"
    archive.write_text("evidence")
    done = report("-w", str(archive))
    assert done.returncode == ExitCode.OUTPUT and "File exists" in done.stderr
    assert archive.read_text() == "evidence"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("AERON_API_TOKEN=abc def", "AERON_API_TOKEN="),
        ("aeron.archive.password: abc", "aeron.archive.password: "),
        ('{"secretKey": "abc def\\" ghi", "mtu": 1500}', '"mtu": 1500'),
        ("AWS_SECRET_ACCESS_KEY='abc'", "AWS_SECRET_ACCESS_KEY="),
        ("loaded http://mike:abc@10.0.0.1/x.properties", "http://"),
        ("id AKIAABCDEFGHIJKLMNOP used", "id "),
    ],
)
def test_a_secret_is_left_out_and_the_text_around_it_stays(text: str, kept: str) -> None:
    shown = without_secrets(text)
    assert LEFT_OUT in shown and kept in shown
    assert "abc" not in shown and "AKIA" not in shown


@pytest.mark.parametrize(
    "text",
    ["AERON_DPDK_MTU=9000", "dpdk-rx-no-mbuf: 0", "tokens are taken from a bucket", "http://10.0.0.1/x@y"],
)
def test_text_without_a_secret_is_unchanged(text: str) -> None:
    assert without_secrets(text) == text


def test_a_command_that_fails_or_is_not_there_says_so() -> None:
    assert output_of(["sh", "-c", "echo out; echo err >&2; exit 3"]) == "out\nerr\n(exit code 3)\n"
    assert output_of(["/nonexistent/program"]) == "(No such file or directory)\n"


def test_of_a_long_log_the_end_is_taken(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_bytes(b"a" * LOG_BYTES + b"the end")
    assert end_of(log).endswith("the end") and len(end_of(log)) == LOG_BYTES
    assert end_of(tmp_path / "none.log") == "(No such file or directory)\n"
