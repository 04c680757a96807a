"""A guest: a place where commands run, with NICs whose other ends are taps of a network namespace."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.bed.hardware import Hardware, Nic, PortNic
from tests.lab.vfio_user.server import Server
from tests.system.bed.bed import eventually
from tests.system.bed.namespace import Namespace, run
from tests.system.bed.process import ChildProcess
from tests.system.bed.topology import End

INSIDE = Path(__file__).with_name("inside.py")
ORDINARY_USER = "operator"
MONITOR = "monitor"
# An emulated processor, shared with whatever else this machine does.
PATIENCE_S = 360.0
DEVICES = "/sys/bus/pci/devices"
HUGE_PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"


@dataclass(frozen=True, slots=True)
class Inside(Namespace):
    """The guest as the bed sees a namespace. `name` is the folder of its port sockets."""

    def command(self, *command: str) -> tuple[str, ...]:
        return (sys.executable, "-I", "-S", str(INSIDE), self.name, *command)

    def ip(self, *arguments: str) -> str:
        return self.run("ip", *arguments)


@dataclass(frozen=True, slots=True)
class Guest:
    hardware: Hardware
    inside: Inside
    outside: Namespace
    """Where the taps are."""
    process: ChildProcess = field(repr=False)
    models: Mapping[str, Server] = field(default_factory=dict, repr=False)
    """By their tap: the devices that are ours."""

    def run(self, *command: str, user: str = "root") -> str:
        """Run a command to its end and return its stdout; BedError with its stderr when it fails."""
        return run(*self.inside.command(*as_user(user, *command)))

    def attempt(self, *command: str, user: str = "root") -> subprocess.CompletedProcess[str]:
        """Run a command that may fail."""
        placed = self.inside.command(*as_user(user, *command))
        return subprocess.run(placed, capture_output=True, text=True, check=False)

    def read(self, path: str) -> str:
        return self.run("cat", path).strip()

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", 'echo "$1" > "$2"', "sh", text, path)

    @property
    def log(self) -> str:
        """What the guest's kernel and init script said."""
        return self.process.output

    # ---- NICs ----

    def nic(self, model: str) -> Nic:
        return next(nic for nic in self.hardware.nics if nic.model == model)

    def interface(self, nic: Nic) -> str:
        """The kernel's name of a NIC that it drives."""
        found = self.run("sh", "-c", f"grep -l {nic.mac} /sys/class/net/*/address")
        return Path(found.strip()).parent.name

    def driver(self, nic: Nic) -> str:
        """The kernel driver that a NIC is bound to; empty for none."""
        link = self.attempt("readlink", f"{DEVICES}/{nic.pci_address}/driver")
        return Path(link.stdout.strip()).name

    def iommu_group(self, nic: Nic) -> str:
        return Path(self.run("readlink", f"{DEVICES}/{nic.pci_address}/iommu_group").strip()).name

    def bind(self, nic: Nic, driver: str = "") -> None:
        """Hand a NIC to a driver, or back to the one that the kernel would choose (kernel: sysfs-bus-pci)."""
        if self.driver(nic):
            self.write(f"{DEVICES}/{nic.pci_address}/driver/unbind", nic.pci_address)
        self.write(f"{DEVICES}/{nic.pci_address}/driver_override", driver)
        self.write("/sys/bus/pci/drivers_probe", nic.pci_address)

    @contextmanager
    def handed_over(self, nic: Nic, driver: str = "vfio-pci", pages: int = 128) -> Iterator[None]:
        """The NIC is a user space driver's, and there are huge pages of 2 MiB."""
        self.run("modprobe", driver)
        self.write(HUGE_PAGES, f"{pages}")
        try:
            assert self.read(HUGE_PAGES) == f"{pages}"
            self.bind(nic, driver)
            yield
        finally:
            self.bind(nic)
            self.write(HUGE_PAGES, "0")

    def pull(self, nic: PortNic) -> None:
        """Asks the guest's kernel for the card, as the button at its slot does."""
        self._tell_qemu("device_del", id=nic.device_id)

    def set_carrier(self, nic: Nic, *, is_up: bool) -> None:
        """Plug the cable of a NIC of QEMU's in, or pull it."""
        self._tell_qemu("set_link", name=nic.device_id, up=is_up)

    def _tell_qemu(self, command: str, **arguments: object) -> None:
        """A command of QMP."""
        commands = ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments})
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.connect(f"{self.inside.name}/{MONITOR}")
            with monitor.makefile("rw") as lines:
                for each in commands:
                    print(json.dumps(each), file=lines, flush=True)
                    while "return" not in (said := json.loads(lines.readline())):
                        assert "error" not in said, said

    def permit(self, nic: Nic, user: str) -> None:
        """As docs/operations/setup.md does it for an ordinary user."""
        self.run("chown", user, f"/dev/vfio/{self.iommu_group(nic)}")
        self.run("chmod", "0777", "/dev/hugepages")

    def near(self, nic: Nic, *, is_kernel: bool = False) -> End:
        return End(self.inside, nic.tap, nic.mac, nic.address, is_kernel=is_kernel)

    def far(self, nic: Nic) -> End:
        mac = self.outside.run("cat", f"/sys/class/net/{nic.tap}/address").strip()
        return End(self.outside, nic.tap, mac, f"10.99.{nic.subnet}.2")


def settles(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that must come true in a guest."""
    eventually(holds, what, PATIENCE_S)


def as_user(user: str, *command: str) -> tuple[str, ...]:
    if user == "root":
        return command
    return ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", *command)
