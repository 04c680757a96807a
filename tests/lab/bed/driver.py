"""Media drivers in a guest: stock aeronmd over the guest's kernel, and ours over a PCI device."""

from dataclasses import dataclass

from tests.lab.bed.guest import as_user
from tests.system.bed.driver import READY_LINE, Driver
from tests.system.bed.namespace import run

# An emulated processor, shared with whatever else this machine does.
START_TIMEOUT_S = 180.0


@dataclass
class GuestDriver(Driver):
    """`aeronmd` in a guest. `user`: who it runs as from its first instruction; `memory_lock`: that user's
    limit in KiB, as `ulimit -l` says it."""

    user: str = "root"
    memory_lock: str = "unlimited"
    start_timeout_s: float = START_TIMEOUT_S

    def beside(self, *command: str) -> tuple[str, ...]:
        return self.end.namespace.command(*command)

    def is_ready(self) -> bool:
        return self._snapshot() is not None

    def command(self) -> list[str]:
        return self._as_user(*super().command())

    def _as_user(self, *command: str) -> list[str]:
        limit = self.memory_lock if self.memory_lock == "unlimited" else str(int(self.memory_lock) << 10)
        return ["prlimit", f"--memlock={limit}", *as_user(self.user, *command)]

    def discard(self) -> None:
        super().discard()
        run(*self.beside("rm", "-rf", str(self.aeron_dir)))


@dataclass
class PciDriver(GuestDriver):
    """`aeronmd_dpdk` on the PCI device at `device`."""

    device: str = ""

    def command(self) -> list[str]:
        return self._as_user(str(self.installation.aeronmd_dpdk), "-a", self.device)

    def is_ready(self) -> bool:
        return READY_LINE in self.output

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AERON_DPDK_LOCAL_IPV4_ADDRESS": self.end.cidr, **self.settings}
