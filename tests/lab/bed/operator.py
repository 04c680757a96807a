"""What an operator does on a guest: the commands, and what the machine looks like before and after them."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from tests.lab.bed.guest import Guest
from tests.lab.bed.hardware import Nic
from tests.system.bed.installation import Installation

# All that setup may touch, in a shell's words; {interface} is a NIC's.
STATE = """
cd /sys/class/net/{interface}
echo driver $(basename $(readlink device/driver))
echo link $(cat address mtu flags)
for what in k g l c; do ethtool -$what {interface} 2>&1; done
ip -4 -o address show dev {interface} | cut -d' ' -f 2-
ip route show dev {interface} | sed 's/ linkdown//'
ip neighbour show nud permanent dev {interface}
echo huge pages $(cat /sys/kernel/mm/hugepages/*/nr_hugepages) $(stat -c '%U:%G %a' /dev/hugepages)
ls -A /etc/modules-load.d /etc/modprobe.d /etc/security/limits.d /etc/sysctl.d /etc/systemd/system
ls -A /var/lib/aeron-dpdk/nics 2>/dev/null
lsmod | grep -o '^vfio_pci \\|^uio_pci_generic \\|^igb_uio '
true
"""


def state(guest: Guest, nic: Nic) -> str:
    """A NIC that the kernel drives, and the system around it."""
    return guest.run("sh", "-c", STATE.format(interface=guest.interface(nic)))


@dataclass(frozen=True, slots=True)
class Operator:
    """`aeron-dpdk` on a guest."""

    guest: Guest
    installed: Installation

    def command(self, *arguments: str) -> tuple[str, ...]:
        return (str(self.installed.aeronmd_dpdk.with_name("aeron-dpdk")), *arguments)

    def attempt(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.guest.attempt(*self.command(*arguments))

    def does(self, *arguments: str) -> str:
        """What a command says that must succeed."""
        done = self.attempt(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def undo(self) -> None:
        self.does("setup", "--undo")

    def findings(self, *options: str) -> dict[str, dict[str, Any]]:
        """Of doctor, by id, whatever its exit code."""
        document = json.loads(self.attempt("doctor", "--json", *options).stdout)
        return {finding["id"]: finding for finding in document["findings"]}

    def failures(self, *options: str) -> set[str]:
        """Ids of the findings that FAIL."""
        return {name for name, finding in self.findings(*options).items() if finding["status"] == "FAIL"}
