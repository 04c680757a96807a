"""Network namespaces named after the test process, so that a crashed run can be swept up by the next one."""

import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PREFIX = "adk"
CLONE_NEWNET = 0x40000000
_NAME = re.compile(rf"{PREFIX}-(\d+)-")


class BedError(Exception):
    """The bed itself could not be made: nothing was tested."""


def run(*command: str) -> str:
    """Run a command to its end and return its stdout; BedError with its stderr when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BedError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def unique(label: str) -> str:
    """A name for things this process makes outside itself."""
    return f"{PREFIX}-{os.getpid()}-{label}"


@dataclass(frozen=True, slots=True)
class Namespace:
    name: str

    def command(self, *command: str) -> tuple[str, ...]:
        """`ip netns exec` replaces itself by the command: the process id stays the command's own."""
        return ("ip", "netns", "exec", self.name, *command)

    def run(self, *command: str) -> str:
        return run(*self.command(*command))

    def ip(self, *arguments: str) -> str:
        return run("ip", "-n", self.name, *arguments)

    @property
    def configuration(self) -> Path:
        """Files here appear under /etc to what runs in the namespace (ip-netns(8))."""
        return Path("/etc/netns") / self.name


def create(label: str) -> Namespace:
    namespace = Namespace(unique(label))
    run("ip", "netns", "add", namespace.name)
    namespace.ip("link", "set", "lo", "up")
    # Router solicitations and the like would be counted by a port that expects nothing but what a test sends.
    namespace.run("sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")
    return namespace


def delete(namespace: Namespace) -> None:
    run("ip", "netns", "delete", namespace.name)
    shutil.rmtree(namespace.configuration, ignore_errors=True)


def inside(namespace: Namespace, make: Callable[[], T]) -> T:
    """Call a function in another namespace; what it opens stays there. BedError when the system refuses.

    setns(2) moves the calling thread only: a thread is spent on it.
    """
    made: list[T] = []
    refused: list[OSError] = []

    def enter_and_make() -> None:
        try:
            with open(f"/run/netns/{namespace.name}", encoding="ascii") as handle:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(handle.fileno(), CLONE_NEWNET) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(make())
        except OSError as error:
            refused.append(error)

    thread = threading.Thread(target=enter_and_make)
    thread.start()
    thread.join()
    if refused:
        raise BedError(f"in {namespace.name}: {refused[0]}")
    return made[0]


def packet_socket(namespace: Namespace, interface: str) -> socket.socket:
    """A raw socket on an interface of another namespace: sends and receives whole Ethernet frames."""

    def bound() -> socket.socket:
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        raw.bind((interface, 0))
        return raw

    return inside(namespace, bound)


def _is_of_a_dead_run(name: str) -> bool:
    match = _NAME.match(name)
    return match is not None and not Path(f"/proc/{match.group(1)}").exists()


def sweep() -> None:
    """Remove what runs that were killed left behind: namespaces, the processes in them, Aeron directories."""
    for line in run("ip", "netns", "list").splitlines():
        name = line.split()[0] if line else ""
        if _is_of_a_dead_run(name):
            for pid in run("ip", "netns", "pids", name).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            delete(Namespace(name))
    for directory in Path("/dev/shm").glob(f"{PREFIX}-*"):
        if _is_of_a_dead_run(directory.name):
            shutil.rmtree(directory, ignore_errors=True)
