"""Media drivers in a guest: stock aeronmd over the guest's kernel, and ours over a PCI device."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.lab.bed.guest import ORDINARY_USER, PATIENCE_S, Guest, as_user
from tests.lab.bed.hardware import Nic
from tests.system.bed.driver import READY_LINE, Driver
from tests.system.bed.installation import Installation
from tests.system.bed.namespace import run
from tests.system.bed.topology import End

# Of Aeron, at both ends: a guest that the host gives no time to is slow, not gone. No driver starts that
# would unblock publications before it gives up their clients. The last frames of a stream can be lost, too:
# they are there to be sent again for a while, but not so long that the next test still hears of it.
PATIENT = {
    "AERON_CLIENT_LIVENESS_TIMEOUT": "120s",
    "AERON_IMAGE_LIVENESS_TIMEOUT": "90s",
    "AERON_PUBLICATION_CONNECTION_TIMEOUT": "90s",
    "AERON_PUBLICATION_LINGER_TIMEOUT": "15s",
    "AERON_PUBLICATION_UNBLOCK_TIMEOUT": "150s",
}
# Of a client: without progress, and without a sign of life of its driver. Less than a test waits for its end.
PATIENT_CLIENT: Mapping[str, object] = {"patient": True, "timeout_ms": 100_000}
# Of an ordinary user, in KiB: what DPDK maps for its pages and the device's registers.
MEMORY_LOCK_KIB = "524288"


@dataclass
class GuestDriver(Driver):
    """`aeronmd` in a guest. `user`: who it runs as from its first instruction; `memory_lock`: that user's
    limit in KiB, as `ulimit -l` says it."""

    user: str = "root"
    memory_lock: str = "unlimited"
    start_timeout_s: float = PATIENCE_S
    client_options: Mapping[str, object] = field(default_factory=lambda: PATIENT_CLIENT)

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
    """`aeronmd_dpdk` on the PCI device at `device`; empty for whichever DPDK finds."""

    device: str = ""
    eal_options: tuple[str, ...] = ()

    def command(self) -> list[str]:
        device = ("-a", self.device) if self.device else ()
        return self._as_user(str(self.installation.aeronmd_dpdk), *device, *self.eal_options)

    def is_ready(self) -> bool:
        return READY_LINE in self.output

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "AERON_DPDK_LOCAL_IPV4_ADDRESS": self.end.cidr, **self.settings}


@dataclass(frozen=True, slots=True)
class Way:
    """How ours is started: by root, who then becomes nobody in particular, or by an ordinary user."""

    is_by_root: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    eal_options: tuple[str, ...] = ()
    names_device: bool = True
    """By -a; else DPDK takes what it finds."""

    def driver(self, guest: Guest, nic: Nic, installed: Installation) -> PciDriver:
        near, settings, user = guest.near(nic), dict(self.settings), ORDINARY_USER
        if self.is_by_root:
            settings["AERON_DPDK_USER"], user = ORDINARY_USER, "root"
        limit = "unlimited" if self.is_by_root else MEMORY_LOCK_KIB
        return PciDriver(
            installed,
            near,
            f"{nic.tap}-ours",
            settings,
            user=user,
            memory_lock=limit,
            device=nic.pci_address if self.names_device else "",
            eal_options=self.eal_options,
        )


BY_ROOT = Way()


@contextmanager
def ours(guest: Guest, nic: Nic, installed: Installation, way: Way = BY_ROOT) -> Iterator[PciDriver]:
    """Our driver on a NIC that a user space driver may have, from ready to an orderly end."""
    if not way.is_by_root:
        guest.permit(nic, ORDINARY_USER)
    driver = way.driver(guest, nic, installed)
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()


@contextmanager
def peer_of(guest: Guest, nic: Nic, installed: Installation) -> Iterator[Driver]:
    """A stock aeronmd on this machine's kernel, at the other end of a NIC's cable."""
    with stock(installed, guest.far(nic), f"{nic.tap}-peer") as driver:
        yield driver


@contextmanager
def stock(installed: Installation, end: End, label: str) -> Iterator[Driver]:
    """A stock aeronmd on this machine's kernel, as patient as those in a guest."""
    driver = Driver(installed, end, label, PATIENT, start_timeout_s=PATIENCE_S, client_options=PATIENT_CLIENT)
    try:
        driver.start()
        yield driver
    finally:
        driver.discard()
