"""Media drivers as processes in a namespace: the stock aeronmd over sockets, and ours over a DPDK port."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.bed import counters
from tests.system.bed.client import ClientProcess
from tests.system.bed.installation import Installation
from tests.system.bed.namespace import BedError, unique
from tests.system.bed.process import ChildProcess
from tests.system.bed.topology import End

START_TIMEOUT_S = 40.0
READY_LINE = "aeronmd_dpdk is ready: "

# Two cores carry two drivers of four threads each and their clients: every thread must sleep when it is idle.
# Timeouts are short so that a test may wait for what follows from one.
TEST_SETTINGS = {
    "AERON_DIR_DELETE_ON_START": "1",
    "AERON_CONDUCTOR_IDLE_STRATEGY": "sleep-ns",
    "AERON_SENDER_IDLE_STRATEGY": "backoff",
    "AERON_RECEIVER_IDLE_STRATEGY": "backoff",
    "AERON_SHAREDNETWORK_IDLE_STRATEGY": "backoff",
    "AERON_SHARED_IDLE_STRATEGY": "backoff",
    "AERON_TERM_BUFFER_LENGTH": "1m",
    "AERON_PUBLICATION_CONNECTION_TIMEOUT": "2s",
    "AERON_PUBLICATION_LINGER_TIMEOUT": "1s",
    "AERON_IMAGE_LIVENESS_TIMEOUT": "4s",
    "AERON_TIMER_INTERVAL": "200ms",
}


@dataclass
class Driver:
    """A driver that is running, or could be started. Its Aeron directory is its own and goes with it."""

    installation: Installation
    end: End
    label: str
    settings: Mapping[str, str] = field(default_factory=dict)
    process: ChildProcess | None = None
    start_timeout_s: float = START_TIMEOUT_S
    client_options: Mapping[str, object] = field(default_factory=dict)
    """What each of its clients is told, unless a test says otherwise."""
    _clients: list[ClientProcess] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.end.address

    @property
    def aeron_dir(self) -> Path:
        return Path("/dev/shm") / unique(self.label)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_running

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def output(self) -> str:
        return "" if self.process is None else self.process.output

    def command(self) -> list[str]:
        return [str(self.installation.aeronmd)]

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
        return {**inherited, **TEST_SETTINGS, "AERON_DIR": str(self.aeron_dir), **self.settings}

    def beside(self, *command: str) -> tuple[str, ...]:
        """How a command runs where it sees the driver's Aeron directory."""
        return command

    def launch(self) -> ChildProcess:
        """Start the process without waiting for it to be ready."""
        self.process = ChildProcess(self.end.namespace.command(*self.command()), self.environment())
        return self.process

    def start(self) -> None:
        process = self.launch()
        deadline = time.monotonic() + self.start_timeout_s
        while not self.is_ready():
            if not process.is_running:
                raise BedError(f"{self.label} ended with {process.wait(1)}:\n{process.output}")
            if time.monotonic() > deadline:
                process.kill()
                raise BedError(
                    f"{self.label} was not ready after {self.start_timeout_s} s:\n{process.output}"
                )
            time.sleep(0.05)

    def is_ready(self) -> bool:
        snapshot = self._snapshot()
        # A driver that was killed leaves its file behind, and the file looks alive for a while.
        return snapshot is not None and snapshot.pid == self.pid

    def _snapshot(self) -> counters.Snapshot | None:
        return counters.read(self.beside(str(self.installation.programs / "counters"), str(self.aeron_dir)))

    def counters(self) -> counters.Snapshot:
        snapshot = self._snapshot()
        assert snapshot is not None, f"{self.label} has no CnC file:\n{self.output}"
        return snapshot

    def client(self, program: str, **options: object) -> ClientProcess:
        """Start a client of this driver. Lists repeat an option, True is a flag, `_` stands for `-`."""
        arguments = [f"--dir={self.aeron_dir}"]
        for name, value in {**self.client_options, **options}.items():
            option = f"--{name.replace('_', '-')}"
            if value is True:
                arguments.append(option)
            elif isinstance(value, list | tuple):
                arguments.extend(f"{option}={item}" for item in value)
            elif value is not False:
                arguments.append(f"{option}={value}")
        client = ClientProcess(self.beside(str(self.installation.programs / program), *arguments))
        self._clients.append(client)
        return client

    def reap(self) -> None:
        """End the clients a test has left running."""
        while self._clients:
            self._clients.pop().kill()

    def stop(self) -> int:
        """SIGTERM and the exit code."""
        assert self.process is not None
        return self.process.terminate()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def discard(self) -> None:
        """Leave nothing, whatever state the driver is in."""
        self.reap()
        if self.is_running:
            self.kill()
        print(f"{self.label} said:\n{self.output}")  # pytest shows it where a test has failed
        shutil.rmtree(self.aeron_dir, ignore_errors=True)


@dataclass
class DpdkDriver(Driver):
    """`aeronmd_dpdk`, by its console script. `device`: the EAL's --vdev; {interface} stands for the end's.
    `further_devices` are those of further interfaces."""

    device: str = ""
    further_devices: tuple[str, ...] = ()
    memory: tuple[str, ...] = ("--no-huge", "--no-shconf", "-m", "256")
    program: tuple[str, ...] = ()
    """What runs instead of the console script, with the same EAL arguments."""

    def command(self) -> list[str]:
        devices = (self.device.format(interface=self.end.interface), *self.further_devices)
        program = self.program or (str(self.installation.aeronmd_dpdk),)
        return [*program, *self.memory, "--no-pci", "--no-telemetry", *(f"--vdev={each}" for each in devices)]

    def is_ready(self) -> bool:
        return READY_LINE in self.output

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "AERON_DPDK_LOCAL_IPV4_ADDRESS": self.end.cidr,
            "AERON_DPDK_GATEWAY_IPV4_ADDRESS": self.end.gateway,
            **self.settings,
        }
