"""`aeron-dpdk report`: one archive with what support needs to find out what is wrong here."""

import io
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from aeron_dpdk.errors.observe import OutputError
from aeron_dpdk.machine.facts.files import ENVIRONMENT_FILES, SYSTEM_FILES
from aeron_dpdk.tools.looking import aeron_dir_option

TIMEOUT_S = 30
LOG_BYTES = 4 << 20  # of a longer log, only the end
JOURNAL_LINES = 5000
OWNER_ONLY = 0o600
TOOL = "from aeron_dpdk.tools.main import main; main()"
DRIVER = "from aeron_dpdk.driver.main import main; main()"


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of the archive, and its text before secrets are taken out."""

    name: str
    text: str


def commands(aeron_dir: Path) -> Iterator[tuple[str, list[str]]]:
    """Each command runs in its own process: the problem being reported may stop any of them."""
    tool = [sys.executable, "-c", TOOL]
    yield "versions.txt", [sys.executable, "-c", DRIVER, "-v"]
    yield "doctor.txt", [*tool, "doctor", "--verbose"]
    yield "doctor.json", [*tool, "doctor", "--json"]
    yield "devices.json", [*tool, "devices", "--json"]
    yield "setup-undo.txt", [*tool, "setup", "--undo", "--dry-run"]
    for name in ("status", "counters", "errors", "loss"):
        yield f"{name}.txt", [*tool, name, "--aeron-dir", str(aeron_dir)]
    yield "status.json", [*tool, "status", "--aeron-dir", str(aeron_dir), "--json"]
    if shutil.which("journalctl"):
        units = ["-u", "aeronmd_dpdk@*", "-u", "aeron-dpdk-setup"]
        yield "journal.txt", ["journalctl", "--no-pager", "-n", str(JOURNAL_LINES), *units]
        yield "kernel.txt", ["journalctl", "--no-pager", "-n", str(JOURNAL_LINES), "-k", "-b"]


def output_of(command: list[str]) -> str:
    """The output with its errors, and the exit code if that is not 0."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"(no end after {TIMEOUT_S} s)\n"
    except OSError as error:
        return f"({error.strerror or error})\n"
    end = f"(exit code {done.returncode})\n" if done.returncode != 0 else ""
    return done.stdout.decode(errors="replace") + end


def end_of(path: Path) -> str:
    """The last LOG_BYTES, or the reason why there are none."""
    try:
        with path.open("rb") as file:
            if path.is_file():
                file.seek(max(0, path.stat().st_size - LOG_BYTES))
            return file.read(LOG_BYTES).decode(errors="replace")
    except OSError as error:
        return f"({error.strerror or error})\n"


def settings_text() -> str:
    """The AERON_ and PCIDEVICE_ variables that this command was started with."""
    ours = sorted(each for each in os.environ.items() if each[0].startswith(("AERON_", "PCIDEVICE_")))
    return "".join(f"{name}={value}\n" for name, value in ours)


def members(aeron_dir: Path, logs: tuple[Path, ...]) -> Iterator[ArchiveMember]:
    yield ArchiveMember("environment.txt", settings_text())
    for name, command in commands(aeron_dir):
        yield ArchiveMember(name, output_of(command))
    for path in sorted(Path(ENVIRONMENT_FILES).glob("*.env")):
        yield ArchiveMember(f"etc/{path.name}", end_of(path))
    for system_file in SYSTEM_FILES:
        yield ArchiveMember(
            f"system/{system_file.removeprefix('/').replace('/', '-')}", end_of(Path(system_file))
        )
    for number, path in enumerate(logs):
        yield ArchiveMember(f"logs/{number}-{path.name}", end_of(path))


def write_archive(output: Path, found: Iterator[ArchiveMember]) -> None:
    """Readable only for its owner; all members are below one folder. Raises OutputError, also if the file
    exists."""
    folder = output.name.removesuffix(".tar.gz")
    now_s = time.time()
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with open(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as archive:
            for member in found:
                data = without_secrets(member.text).encode(errors="replace")
                entry = tarfile.TarInfo(f"{folder}/{member.name}")
                entry.size, entry.mtime, entry.mode = len(data), now_s, OWNER_ONLY
                archive.addfile(entry, io.BytesIO(data))
    except OSError as error:
        raise OutputError(str(output), error.strerror or str(error)) from error


def default_output() -> Path:
    return Path(
        f"aeron-dpdk-report-{platform.node()}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.tar.gz"
    )


@click.command()
@click.option(
    "-w",
    "output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="File to write the archive to.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A driver log file to include; may be repeated.",
)
@aeron_dir_option
def report(aeron_dir: Path, output: Path | None, logs: tuple[Path, ...]) -> None:
    """Write one archive for support.

    It contains versions, doctor's findings, the driver's status, counters and errors, the journal, and
    settings without secrets. Run this as root to get all of it. Look at the archive before you send it:
    it contains addresses and host names.
    """
    archive = output or default_output()
    write_archive(archive, members(aeron_dir, logs))
    click.echo(f"wrote {archive}; look at it before you send it: addresses and host names are in it")


LEFT_OUT = "(left out)"
_SECRET_WORD = r"secret|token|passw|passphrase|credential|private[_.-]?key|api[_.-]?key|access[_.-]?key"
# NAME=value and name: value up to the end of the line, as in environment files, properties and logs; JSON
# strings up to their end.
_SETTING = re.compile(rf'(?i)((?:{_SECRET_WORD})[\w.-]*"?[ \t]*[=:][ \t]*)("(?:[^"\\\n]|\\.)*"|[^\n,;}}]+)')
_USER_INFO = re.compile(r"(?<=://)[^\s/@]+(?=@)")
# AWS's identifiers of access keys: IAM User Guide, "Unique identifiers".
_AWS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


def without_secrets(text: str) -> str:
    text = _SETTING.sub(rf"\g<1>{LEFT_OUT}", text)
    return _AWS_KEY.sub(LEFT_OUT, _USER_INFO.sub(LEFT_OUT, text))
