"""A recorded host whose kernel answers: drivers bind and unbind, modules load, huge pages run out."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.hosts.recorded import network_of, unpack

from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.ethtool import Setting
from aeron_dpdk.machine.facts.interface import KernelInterface, Network
from aeron_dpdk.machine.facts.nics import DEVICES
from aeron_dpdk.machine.tree import Permissions

DRIVERS = "/sys/bus/pci/drivers"


class FakeKernel(System):
    """`most_huge_pages` is what memory allows; `before_write` sees every effect first, and may raise."""

    def __init__(self, name: str, root: Path, most_huge_pages: int = 1 << 20) -> None:
        super().__init__(root)
        self.recorded = unpack(name, root).recorded
        self.interfaces = network_of(name)
        self.most_huge_pages = most_huge_pages
        self.before_write: Callable[[str], None] = lambda name: None
        self.writes: list[str] = []
        self._absent: dict[str, KernelInterface] = {}
        self._native = {
            address: driver
            for address in self.names(DEVICES)
            if (driver := self.link_name(f"{DEVICES}/{address}/driver"))
        }

    # ---- effects ----

    def write_value(self, name: str, text: str) -> None:
        self._note(name)
        if name.startswith((DRIVERS, DEVICES)):
            self._configure_pci(name, text.strip())
        elif name.endswith("/nr_hugepages"):
            pages = min(int(text), self.most_huge_pages)
            self.path(name).write_text(f"{pages}\n")
            self.path(f"{Path(name).parent}/free_hugepages").write_text(f"{pages}\n")
        elif not self.exists(name):
            raise FileNotFoundError(2, "No such file or directory")
        else:
            self.path(name).write_text(f"{text}\n")

    def replace_file(self, name: str, text: str, mode: int) -> None:
        self._note(name)
        super().replace_file(name, text, mode)

    def remove_file(self, name: str) -> None:
        self._note(name)
        super().remove_file(name)

    def link_file(self, name: str, target: str) -> None:
        self._note(name)
        super().link_file(name, target)

    def set_permissions(self, name: str, permissions: Permissions) -> None:
        self._note(name)
        self.recorded[name] = permissions

    def permissions(self, name: str) -> Permissions | None:
        found = super().permissions(name)
        return found and self.recorded.get(name, replace(found, uid=0, gid=0))

    def run(self, command: Sequence[str]) -> str:
        self._note(" ".join(command))
        if command[0] == "modprobe":
            self._modprobe(command[-1].replace("-", "_"), is_removal="-r" in command)
        return ""

    def network(self) -> Network:
        return dict(self.interfaces)

    def device_settings(self, name: str) -> tuple[Setting, ...]:
        """Hosts were recorded without them."""
        return self.interfaces[name].device_settings

    def configure(self, name: str, wanted: KernelInterface) -> None:
        self._note(f"netlink {name}")
        del self.interfaces[name]
        self.interfaces[wanted.name] = wanted

    def wait_for(self, is_so: Callable[[], bool], seconds: float) -> bool:
        return is_so()

    def replace_card(self, address: str, mac: str) -> None:
        """Replaces the card in this slot, while it has no interface, by one with another MAC."""
        self._absent[address] = replace(self._absent[address], mac=mac)

    # ---- the kernel ----

    def _note(self, name: str) -> None:
        self.before_write(name)
        self.writes.append(name)

    def _modprobe(self, module: str, *, is_removal: bool) -> None:
        loaded = [line for line in self.lines("/proc/modules") if line.split()[0] != module]
        if not is_removal:
            loaded.append(f"{module} 16384 0 - Live 0x0")
        self.path("/proc/modules").write_text("".join(f"{line}\n" for line in loaded))

    def _configure_pci(self, name: str, text: str) -> None:
        parts = name.split("/")
        if name == "/sys/bus/pci/drivers_probe":
            override = self.text(f"{DEVICES}/{text}/driver_override")
            self._bind(text, self._native[text] if override in ("", "(null)") else str(override))
        elif parts[-1] == "driver_override":
            self.path(name).write_text(text or "(null)")
        elif parts[-1] == "unbind":
            self._unbind(text)
        elif parts[-1] == "bind":
            self._bind(text, parts[-2])

    def _bind(self, address: str, driver: str) -> None:
        self.path(f"{DEVICES}/{address}/driver").symlink_to(f"../../../../bus/pci/drivers/{driver}")
        group = self.link_name(f"{DEVICES}/{address}/iommu_group")
        if driver == "vfio-pci" and group:
            self._make(f"/dev/vfio/{group}", "")
            self.recorded[f"/dev/vfio/{group}"] = Permissions(0, 0, 0o600)
        elif driver == self._native.get(address) and address in self._absent:
            interface = self._absent.pop(address)
            self.interfaces[interface.name] = replace(interface, is_up=False, addresses=(), routes=())
            self.path(f"{DEVICES}/{address}/net/{interface.name}").mkdir(parents=True)

    def _unbind(self, address: str) -> None:
        self.path(f"{DEVICES}/{address}/driver").unlink()
        group = self.link_name(f"{DEVICES}/{address}/iommu_group")
        if group:
            self.path(f"/dev/vfio/{group}").unlink(missing_ok=True)
        for interface in self.names(f"{DEVICES}/{address}/net"):
            self.path(f"{DEVICES}/{address}/net/{interface}").rmdir()
            self._absent[address] = self.interfaces.pop(interface)

    def _make(self, name: str, text: str) -> None:
        self.path(name).parent.mkdir(parents=True, exist_ok=True)
        self.path(name).write_text(text)
