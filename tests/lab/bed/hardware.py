"""What a guest's machine has: NICs, an IOMMU, a bridge that puts devices into one IOMMU group."""

from dataclasses import dataclass

ROOT_BUS = "pcie.0"
BRIDGE = "bridge"


@dataclass(frozen=True, slots=True)
class Nic:
    """An emulated NIC and the subnet behind it: 10.99.SUBNET.1 is the guest's, .2 is this machine's."""

    model: str
    subnet: int
    slot: int
    bus: str = ROOT_BUS
    options: tuple[str, ...] = ()

    @property
    def pci_address(self) -> str:
        """The guest's firmware numbers the one bridge's bus 1."""
        return f"0000:{'00' if self.bus == ROOT_BUS else '01'}:{self.slot:02x}.0"

    @property
    def mac(self) -> str:
        return f"02:ad:00:00:{self.subnet:02x}:01"

    @property
    def tap(self) -> str:
        return f"tap{self.subnet}"

    @property
    def address(self) -> str:
        return f"10.99.{self.subnet}.1"

    def arguments(self) -> tuple[str, ...]:
        place = (f"mac={self.mac}", f"bus={self.bus}", f"addr={self.slot:#x}")
        device = ",".join((self.model, f"netdev={self.tap}", *place, *self.options))
        netdev = f"tap,id={self.tap},ifname={self.tap},script=no,downscript=no"
        return ("-netdev", netdev, "-device", device)


@dataclass(frozen=True, slots=True)
class Hardware:
    """`bridge`: its slot. What is behind a PCI bridge shares the bridge's IOMMU group."""

    nics: tuple[Nic, ...]
    has_iommu: bool = True
    bridge: int | None = None

    def arguments(self) -> list[str]:
        # What `max` emulates beyond this costs a quarter of the speed and nothing here needs it.
        processor = ("-accel", "tcg,thread=multi", "-cpu", "Haswell-noTSX", "-smp", "2", "-m", "1024")
        arguments = ["-machine", "q35,kernel-irqchip=off", *processor]
        arguments += ["-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"]
        if self.has_iommu:
            arguments += ["-device", "intel-iommu,intremap=on,caching-mode=on"]
        if self.bridge is not None:
            arguments += ["-device", f"pcie-pci-bridge,id={BRIDGE},bus={ROOT_BUS},addr={self.bridge:#x}"]
        return arguments + [word for nic in self.nics for word in nic.arguments()]
