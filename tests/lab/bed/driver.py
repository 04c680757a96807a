"""Media drivers in a guest: stock aeronmd over the guest's kernel, and ours over a PCI device."""

from dataclasses import dataclass

from tests.lab.bed.guest import PATIENCE_S, as_user
from tests.system.bed.driver import READY_LINE, Driver
from tests.system.bed.namespace import run

# Of Aeron, at both ends: a guest that the host gives no time to is slow, not gone.
PATIENT = {
    "AERON_CLIENT_LIVENESS_TIMEOUT": "60s",
    "AERON_IMAGE_LIVENESS_TIMEOUT": "30s",
    "AERON_PUBLICATION_CONNECTION_TIMEOUT": "30s",
    "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "90s",
}


@dataclass
class GuestDriver(Driver):
    """`aeronmd` in a guest. `user`: who it runs as from its first instruction; `memory_lock`: that user's
    limit in KiB, as `ulimit -l` says it."""

    user: str = "root"
    memory_lock: str = "unlimited"
    start_timeout_s: float = PATIENCE_S

    def beside(self, *command: str) -> tuple[str, ...]:
        return self.end.namespace.command(*command)

    def is_ready(self) -> bool:
        return self._snapshot() is not None

    def command(self) -> list[str]:
        return self._as_user(*super().command())

    def _as_user(self, *command: str) -> list[str]:
        limit = self.memory_lock if self.memory_lock == "unlimited" else str(int(self.memory_lock) << 10)
        return ["prlimit", f"--memlock={limit}", *as_user(self.user, *command)]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **PATIENT, **self.settings}

    def stop(self) -> int:
        assert self.process is not None
        return self.process.terminate(PATIENCE_S)

    def discard(self) -> None:
        super().discard()
        run(*self.beside("rm", "-rf", str(self.aeron_dir)))


@dataclass
class PciDriver(GuestDriver):
    """`aeronmd_dpdk` on the PCI device at `device`."""

    device: str = ""
    eal_options: tuple[str, ...] = ()

    def command(self) -> list[str]:
        return self._as_user(str(self.installation.aeronmd_dpdk), "-a", self.device, *self.eal_options)

    def is_ready(self) -> bool:
        return READY_LINE in self.output

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AERON_DPDK_LOCAL_IPV4_ADDRESS": self.end.cidr, **self.settings}
