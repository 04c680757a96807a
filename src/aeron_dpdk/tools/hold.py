"""`aeron-dpdk demo --hold`: two drivers joined by a memif link, with a stream in each direction, to look
at.

Not for measuring: without huge pages, and with idle strategies that leave the machine usable.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.observe.request import SOCKET_NAME
from aeron_dpdk.tools.measure.load_process import die_with_parent
from aeron_dpdk.tools.measure.processes import end_process

SHARED_MEMORY = "/dev/shm"
# RFC 2544: addresses for benchmarks, never routed. memif's server comes first: the client connects to it.
ADDRESSES = {"server": "198.18.0.1", "client": "198.18.0.2"}
PORT = 20121
READY_TIMEOUT_S = 40.0
STOP_TIMEOUT_S = 5.0
POLL_PERIOD_S = 0.1
SETTINGS = {
    "AERON_CONDUCTOR_IDLE_STRATEGY": "sleep-ns",
    "AERON_SENDER_IDLE_STRATEGY": "backoff",
    "AERON_RECEIVER_IDLE_STRATEGY": "backoff",
    "AERON_TERM_BUFFER_LENGTH": "1m",
}
INVITATION = """\
Two drivers exchange a thousand messages a second in each direction. In another terminal:

  export AERON_DIR={directory}/server
  aeron-dpdk status
  aeron-dpdk top
  aeron-dpdk counters; aeron-dpdk errors; aeron-dpdk loss
  aeron-dpdk capture -c 10 -w demo.pcapng && tshark -r demo.pcapng -d udp.port=={port},aeron
  aeron-dpdk export
  RUNTIME_DIRECTORY={directory} dpdk-telemetry.py -f server

Their logs: {directory}/*.log. Ctrl-C ends them."""

Process = subprocess.Popen[bytes]


def hold() -> None:
    """Runs until KeyboardInterrupt. Raises LoadError when one of the four processes ends."""
    with ExitStack() as stack:
        temporary = tempfile.TemporaryDirectory(prefix="aeron-dpdk-hold-", dir=SHARED_MEMORY)
        directory = Path(stack.enter_context(temporary))
        processes = {}
        for role in ADDRESSES:
            processes[f"{role}.log"] = stack.enter_context(driver(directory, role))
        for role in ADDRESSES:
            processes[f"{role}-client.log"] = stack.enter_context(client(directory, role))
        click.echo(INVITATION.format(directory=directory, port=PORT))
        while True:
            refuse_ended(directory, processes)
            time.sleep(POLL_PERIOD_S)


def refuse_ended(directory: Path, processes: Mapping[str, Process]) -> None:
    for log, process in processes.items():
        if process.poll() is not None:
            raise LoadError(log.removesuffix(".log"), last_words(directory / log))


@contextmanager
def driver(directory: Path, role: str) -> Iterator[Process]:
    """A driver, once ready. Raises LoadError."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
    environment = {
        **inherited,
        **SETTINGS,
        "AERON_DIR": str(directory / role),
        "AERON_DPDK_LOCAL_IPV4_ADDRESS": f"{ADDRESSES[role]}/24",
        "RUNTIME_DIRECTORY": str(directory),
    }
    memif = f"net_memif0,role={role},socket={directory}/memif.sock,socket-abstract=no"
    eal = (f"--file-prefix={role}", "--no-huge", "-m256", "--no-pci", f"--vdev={memif}")
    log = directory / f"{role}.log"
    with running(("aeron_dpdk.driver.main", *eal), environment, log) as process:
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not (directory / role / SOCKET_NAME).exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise LoadError(role, last_words(log))
            time.sleep(POLL_PERIOD_S)
        yield process


@contextmanager
def client(directory: Path, role: str) -> Iterator[Process]:
    other = next(name for name in ADDRESSES if name != role)
    channels = [f"aeron:udp?endpoint={ADDRESSES[name]}:{PORT}" for name in (other, role)]
    command = ("aeron_dpdk.tools.traffic", str(directory / role), *channels)
    with running(command, os.environ, directory / f"{role}-client.log") as process:
        yield process


@contextmanager
def running(module: tuple[str, ...], environment: Mapping[str, str], log: Path) -> Iterator[Process]:
    """`python -m MODULE ARGUMENTS`, ended afterwards, and also when we are killed."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for this process only, which stops the others in order
            preexec_fn=die_with_parent,  # noqa: PLW1509 - there is no other thread
        )
    try:
        yield process
    finally:
        end_process(process, STOP_TIMEOUT_S)


def last_words(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").splitlines()[-12:])
