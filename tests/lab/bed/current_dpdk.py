"""DPDK as distributions to come have it: Debian sid's, in the root that the lab's QEMU comes from."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.bed import qemu
from tests.lab.bed.guest import PATIENCE_S, Guest
from tests.lab.bed.hardware import Nic
from tests.system.bed.namespace import run
from tests.system.bed.process import ChildProcess

STARTED = "icmpecho packet forwarding"


def root() -> Path:
    """The root with dpdk-testpmd in it: 40 MB more, once."""
    found = qemu.fetch().root
    if not (found / "usr" / "bin" / "dpdk-testpmd").exists():
        apt = ("chroot", str(found), "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y")
        # A mirror may be older than what sid allows; signatures are checked all the same.
        run(*apt, "-o", "Acquire::Check-Valid-Until=false", "update")
        run(*apt, "--no-install-recommends", "install", "dpdk-dev")
        run(*apt, "clean")
    return found


@contextmanager
def icmp_echo(
    guest: Guest, nic: Nic, *options: str, commands: tuple[str, ...] = ()
) -> Iterator[ChildProcess]:
    """testpmd that answers ARP and pings for whatever address. `commands` come before its start."""
    here = str(root())
    for folder in ("proc", "sys", "dev"):
        guest.run("sh", "-c", f"mountpoint -q {here}/{folder} || mount --rbind /{folder} {here}/{folder}")
    asked = "\n".join((*commands, "start", "show port info 0"))
    program = f"chroot {here} stdbuf -oL dpdk-testpmd -l 0-1 --in-memory -a {nic.pci_address}"
    settings = f"-i --forward-mode=icmpecho --total-num-mbufs=8192 {' '.join(options)}"
    shell = f"(echo '{asked}'; sleep 3600) | {program} -- {settings}"
    process = ChildProcess(guest.inside.command("sh", "-c", shell))
    try:
        while (line := process.next_line(PATIENCE_S)) is not None and "Link status:" not in line:
            pass
        assert process.is_running and STARTED in process.output, process.output
        yield process
    finally:
        process.kill()
