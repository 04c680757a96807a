"""Settings that make no sense: the driver starts in spite of them, or says why not in one sentence.

`./dev attack` tries some hundreds of them, the everyday tests a few. A failure names the seed that repeats
it.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.system.fixtures import installation
from tests.system.fixtures.bad_settings import BadStart, aerons_names, bad_start
from tests.system.fixtures.driver import READY_LINE, TEST_SETTINGS
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.namespace import unique
from tests.system.fixtures.process import DIE_WITH_THE_PARENT

from aeron_dpdk.exit_code import DRIVER_CODES, ExitCode

END_TIMEOUT_S = 60.0
DEVICE = ("--no-huge", "--no-shconf", "-m", "256", "--no-pci", "--no-telemetry", "--vdev=net_null0")


@pytest.fixture(scope="module")
def installed(pytestconfig: pytest.Config) -> Installation:
    found = installation.find(pytestconfig.getoption("--sanitised"))
    assert isinstance(found, Installation), found
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    """Where the driver runs; writable for any user that it may become."""
    made = Path("/dev/shm") / unique("bad-settings")
    made.mkdir()
    made.chmod(0o777)
    yield made
    shutil.rmtree(made)


def run(installed: Installation, start: BadStart, place: Path) -> tuple[int, str]:
    """The exit code and all output of a start; the driver is stopped once it is ready, if it ever is."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
    own = {
        "AERON_DPDK_LOCAL_IPV4_ADDRESS": "10.91.0.1",
        "AERON_DIR": str(place / "aeron"),
        "HOME": str(place),
    }
    (place / "bad.properties").write_bytes(start.properties)
    log = place / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*DIE_WITH_THE_PARENT, str(installed.aeronmd_dpdk), *DEVICE, *start.arguments, "bad.properties"],
            env={**inherited, **TEST_SETTINGS, **own, **start.environment},
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    deadline = time.monotonic() + END_TIMEOUT_S
    while process.poll() is None and READY_LINE.encode() not in log.read_bytes():
        if time.monotonic() > deadline:
            process.send_signal(signal.SIGABRT)
            break
        time.sleep(0.02)
    if process.poll() is None:
        process.terminate()
    try:
        code = process.wait(END_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    return code, log.read_text(errors="replace")


def fault_of(code: int, output: str) -> str:
    """What is wrong with how a start ended; empty when nothing is."""
    sentences = [line for line in output.splitlines() if line.startswith(("error: ", '{"time"'))]
    if "Traceback" in output:
        return "a traceback"
    if code == ExitCode.OK:
        return "" if READY_LINE in output else "ended in order before it was ready"
    if code not in DRIVER_CODES or code == ExitCode.INTERNAL:
        return f"exit code {code}"
    return "" if sentences else "no sentence"


@pytest.mark.parametrize(
    "start",
    [
        BadStart({}, ("--proc-type=secondary",), b""),
        BadStart({"AERON_CONDUCTOR_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA": "nope"}, (), b""),
        BadStart({"AERON_DPDK_RX_MEMPOOL_OPS": "\udcff"}, (), b""),
        BadStart({}, (), b"aeron.dpdk.user=\xff\n"),
    ],
)
def test_a_start_that_once_crashed_or_hung_is_refused(
    installed: Installation, place: Path, start: BadStart
) -> None:
    code, output = run(installed, start, place)
    assert code != ExitCode.OK
    assert not fault_of(code, output), output


def test_an_aeron_directory_of_any_bytes_serves(installed: Installation, place: Path) -> None:
    code, output = run(installed, BadStart({"AERON_DIR": str(place / "\udcff")}, (), b""), place)
    assert code == ExitCode.OK, output
    assert "will not" not in output


def test_a_start_with_bad_settings_ends_in_a_sentence_or_in_a_driver(
    installed: Installation, place: Path, pytestconfig: pytest.Config
) -> None:
    first, number = pytestconfig.getoption("--bad-settings-seed"), pytestconfig.getoption("--bad-settings")
    names = aerons_names(installed.aeronmd.parents[1] / "lib" / "libaeron_driver.so")
    assert len(names) > 100
    faults = []
    for seed in range(first, first + number):
        start = bad_start(seed, names)
        code, output = run(installed, start, place)
        if fault := fault_of(code, output):
            faults.append(f"seed {seed}: {fault}\n{start}\n{output[-1500:]}")
    assert not faults, "\n\n".join(faults)
