"""An Aeron client from outside this project: pyaeron from PyPI, in a separate interpreter (3.12 or later)."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.system.fixtures.installation import REPOSITORY
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import Testbed, next_port, udp

REQUIREMENT = "pyaeron==0.1.0"
VERSIONS = ("3.12", "3.13", "3.14", "3.15")
ENVIRONMENT = REPOSITORY / ".cache" / "pyaeron"
SCRIPT = Path(__file__).with_name("pyaeron_client.py")
COUNT = 500


def interpreters() -> list[str]:
    """Interpreters that may be new enough: this one, those on the PATH, those of pyenv."""
    named = [path for version in VERSIONS if (path := shutil.which(f"python{version}"))]
    of_pyenv = [
        str(path)
        for version in VERSIONS
        for path in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    ]
    return [sys.executable, *named, *of_pyenv]


def is_new_enough(python: str) -> bool:
    done = subprocess.run(
        [python, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def has_pyaeron(python: str) -> bool:
    command = [python, "-c", "import pyaeron"]
    return Path(python).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def python() -> str:
    """An interpreter with pyaeron, or a skip that says what is missing. Installed once, then kept in
    .cache."""
    made = str(ENVIRONMENT / "bin" / "python")
    if has_pyaeron(made):
        return made
    base = next(filter(is_new_enough, interpreters()), None)
    if base is None:
        pytest.skip("no Python 3.12 or later found, which pyaeron needs")
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    for command in (
        [base, "-m", "venv", str(ENVIRONMENT)],
        [made, "-m", "pip", "install", "-q", REQUIREMENT],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            pytest.skip(f"{REQUIREMENT} cannot be installed for {base}: {done.stderr.strip()[-300:]}")
    return made


def client(python: str, role: str, aeron_dir: Path, channel: str) -> ChildProcess:
    process = ChildProcess([python, str(SCRIPT), role, str(aeron_dir), channel, str(COUNT)])
    assert process.next_line(60) == "ready", process.output
    return process


def finished(process: ChildProcess) -> str:
    assert process.wait(120) == 0, process.output
    return process.output.splitlines()[-1]


@pytest.mark.parametrize("direction", ["from_us_to_the_kernel", "from_the_kernel_to_us", "within_us"])
def test_pyaeron_publishes_and_subscribes_through_our_driver(
    testbed: Testbed, python: str, direction: str
) -> None:
    source, sink = {
        "from_us_to_the_kernel": (testbed.ours, testbed.peer),
        "from_the_kernel_to_us": (testbed.peer, testbed.ours),
        "within_us": (testbed.ours, testbed.ours),
    }[direction]
    channel = udp(sink.address, next_port())
    subscriber = client(python, "subscribe", sink.aeron_dir, channel)
    publisher = client(python, "publish", source.aeron_dir, channel)
    assert finished(publisher) == f"done {COUNT}"
    assert finished(subscriber) == f"done {COUNT}"
