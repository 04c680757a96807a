"""The effects: all the ways in which we change a host, each as small as possible."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aeron_dpdk.machine.change import interface
from aeron_dpdk.machine.facts.ethtool import Setting, read_device_settings
from aeron_dpdk.machine.facts.interface import KernelInterface, Network
from aeron_dpdk.machine.facts.network import read_network
from aeron_dpdk.machine.tree import Permissions, Tree

LINK_S = 10.0
FLAP_S = 1.0
COMMAND_TIMEOUT_S = 120


class System(Tree):
    """A host below `root` that may be changed. All methods raise OSError."""

    def write_value(self, name: str, text: str) -> None:
        """Writes to a file of sysfs or procfs, where a write is a command."""
        with self.path(name).open("w") as file:
            file.write(text)

    def replace_file(self, name: str, text: str, mode: int) -> None:
        """Replaces it as a whole or not at all, even if power is lost."""
        place = self.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
                file.flush()
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            os.replace(temporary, place)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        _sync_directory(place.parent)

    def remove_file(self, name: str) -> None:
        place = self.path(name)
        place.unlink(missing_ok=True)
        _sync_directory(place.parent)

    def link_file(self, name: str, target: str) -> None:
        place = self.path(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(target)
        _sync_directory(place.parent)

    def set_permissions(self, name: str, permissions: Permissions) -> None:
        os.chown(self.path(name), permissions.uid, permissions.gid)
        os.chmod(self.path(name), permissions.mode)

    def run(self, command: Sequence[str]) -> str:
        """Returns its output. If it fails, raises OSError with its last line on stderr."""
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=COMMAND_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            raise OSError(f"{command[0]} did not end within {COMMAND_TIMEOUT_S} s") from None
        if done.returncode != 0:
            complaint = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise OSError(f"{' '.join(command)}: {complaint[-1]}")
        return done.stdout

    def network(self) -> Network:
        return read_network()

    def device_settings(self, name: str) -> tuple[Setting, ...]:
        return read_device_settings(name)

    def configure(self, name: str, wanted: KernelInterface) -> None:
        """Give the interface `name` the wanted name, MTU, addresses, state, routes and device settings."""
        interface.configure(name, wanted)

        def await_link() -> None:
            """A link that has come up may go down once more, if its driver restarts the negotiation."""
            if wanted.is_up and wanted.has_carrier:
                self.wait_for(lambda: self.network()[wanted.name].has_carrier, LINK_S)
                time.sleep(FLAP_S)
                self.wait_for(lambda: self.network()[wanted.name].has_carrier, LINK_S)

        interface.restore_device_settings(wanted.name, wanted.device_settings, await_link)

    def wait_for(self, is_so: Callable[[], bool], seconds: float) -> bool:
        """udev and driver probes take their time after a write has returned."""
        end = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > end:
                return False
            time.sleep(0.05)
        return True


def _sync_directory(place: Path) -> None:
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
