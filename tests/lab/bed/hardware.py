"""What a guest's machine has: NICs, an IOMMU, a bridge that puts devices into one IOMMU group."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.vfio_user.device import Device

ROOT_BUS = "pcie.0"
BRIDGE = "bridge"
MEMORY_MIB = 1024


@dataclass(frozen=True, slots=True)
class Nic:
    """An emulated NIC and the subnet behind it: 10.99.SUBNET.1 is the guest's, .2 is this machine's."""

    model: str
    subnet: int
    slot: int
    bus: str = ROOT_BUS
    options: tuple[str, ...] = ()
    queues: int = 1
    """Of its tap."""

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

    @property
    def device_id(self) -> str:
        """QEMU's name of it."""
        return f"nic{self.subnet}"

    def arguments(self) -> tuple[str, ...]:
        place = (f"id={self.device_id}", f"mac={self.mac}", f"bus={self.bus}", f"addr={self.slot:#x}")
        device = ",".join((self.model, f"netdev={self.tap}", *place, *self.options))
        netdev = f"tap,id={self.tap},ifname={self.tap},script=no,downscript=no"
        if self.queues > 1:
            netdev += f",queues={self.queues}"
        return ("-netdev", netdev, "-device", device)


@dataclass(frozen=True, slots=True)
class PortNic(Nic):
    """A NIC behind a root port, whose slot is `slot`: there its virtual functions have room, and it can be
    pulled."""

    @property
    def pci_address(self) -> str:
        return "0000:01:00.0"

    def arguments(self) -> tuple[str, ...]:
        port = f"pcie-root-port,id=sriov,bus={self.bus},chassis=1,addr={self.slot:#x}"
        device = f"{self.model},id={self.device_id},netdev={self.tap},mac={self.mac},bus=sriov"
        netdev = f"tap,id={self.tap},ifname={self.tap},script=no,downscript=no"
        return ("-device", port, "-netdev", netdev, "-device", device)


@dataclass(frozen=True, slots=True)
class ModelledNic(Nic):
    """A NIC that QEMU has not: the device end of its vfio-user connection is a model in the test run."""

    make: Callable[[bytes], Device] = field(kw_only=True)
    """The model that has a MAC."""

    def new_device(self) -> Device:
        return self.make(bytes.fromhex(self.mac.replace(":", "")))

    def socket(self, ports: Path) -> Path:
        return ports / f"{self.tap}.vfio-user"

    def arguments_at(self, ports: Path) -> tuple[str, ...]:
        where = {"type": "unix", "path": str(self.socket(ports))}
        device = {"driver": "vfio-user-pci", "socket": where, "bus": self.bus, "addr": f"{self.slot:#x}"}
        return ("-device", json.dumps(device))


@dataclass(frozen=True, slots=True)
class Hardware:
    """`bridge`: its slot. What is behind a PCI bridge shares the bridge's IOMMU group."""

    nics: tuple[Nic, ...]
    has_iommu: bool = True
    bridge: int | None = None

    @property
    def modelled(self) -> tuple[ModelledNic, ...]:
        return tuple(nic for nic in self.nics if isinstance(nic, ModelledNic))

    def arguments(self, ports: Path) -> list[str]:
        """QEMU's; `ports`: the folder of the guest's sockets."""
        # What `max` emulates beyond this costs a quarter of the speed and nothing here needs it.
        processor = (
            "-accel",
            "tcg,thread=multi",
            "-cpu",
            "Haswell-noTSX",
            "-smp",
            "2",
            "-m",
            f"{MEMORY_MIB}",
        )
        # A model reaches the guest's memory as a file.
        memory = f"memory-backend-memfd,id=memory,size={MEMORY_MIB}M,share=on"
        arguments = [
            "-object",
            memory,
            "-machine",
            "q35,kernel-irqchip=off,memory-backend=memory",
            *processor,
        ]
        arguments += ["-nodefaults", "-display", "none", "-no-reboot", "-serial", "stdio"]
        if self.has_iommu:
            arguments += ["-device", "intel-iommu,intremap=on,caching-mode=on"]
        if self.bridge is not None:
            arguments += ["-device", f"pcie-pci-bridge,id={BRIDGE},bus={ROOT_BUS},addr={self.bridge:#x}"]
        for nic in self.nics:
            arguments += nic.arguments_at(ports) if isinstance(nic, ModelledNic) else nic.arguments()
        return arguments
