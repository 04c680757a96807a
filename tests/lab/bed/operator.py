"""What an operator does on a guest: the commands, and what the machine looks like before and after them."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.hardware import Nic
from tests.system.bed.installation import Installation

from aeron_dpdk.machine.change.journal import PLACE as JOURNAL

# All that setup may touch, in a shell's words; {interface} is a NIC's.
STATE = """
cd /sys/class/net/{interface}
echo driver $(basename $(readlink device/driver))
echo link $(cat address mtu flags)
for what in -k -g -l -c -x -n --show-priv-flags; do ethtool $what {interface} 2>&1; done
ethtool -n {interface} rx-flow-hash udp4 2>&1
ethtool --get-tunable {interface} rx-copybreak 2>&1
ethtool -a {interface} 2>&1 | grep -v negotiated
ethtool {interface} | sed -n '/Advertised link/,/Advertised FEC/p; /Wake-on:/p; /message level/p'
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

    @contextmanager
    def giving_back(self) -> Iterator[None]:
        """Whatever fails inside, what setup took is undone at the end, for the tests that follow."""
        try:
            yield
        finally:
            if self.guest.attempt("test", "-e", JOURNAL).returncode == 0:
                self.undo()

    @contextmanager
    def set_up(self, *nics: Nic, options: Sequence[str] = ()) -> Iterator[str]:
        """From setup to undo: what setup said; at the end everything is as it was before."""
        before = {nic: state(self.guest, nic) for nic in nics}
        named = [word for nic in nics for word in ("--nic", nic.pci_address)]
        with self.giving_back():
            yield self.does("setup", "--yes", *named, *options)
            self.undo()
        for nic in nics:
            settles(partial(self._is_as_before, nic, before[nic]), before[nic])

    def _is_as_before(self, nic: Nic, before: str) -> bool:
        return state(self.guest, nic) == before

    def findings(self, *options: str) -> dict[str, dict[str, Any]]:
        """Of doctor, by id, whatever its exit code."""
        document = json.loads(self.attempt("doctor", "--json", *options).stdout)
        return {finding["id"]: finding for finding in document["findings"]}

    def failures(self, *options: str) -> set[str]:
        """Ids of the findings that FAIL."""
        return {name for name, finding in self.findings(*options).items() if finding["status"] == "FAIL"}
