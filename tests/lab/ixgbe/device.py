"""The 82599 as a PCI function: its BARs, and its access to memory, interrupts and cable."""

import struct
from dataclasses import dataclass

from tests.lab.ixgbe.nic import Nic
from tests.lab.vfio_user.configuration_space import Bar, Identity, MsixTable
from tests.lab.vfio_user.device import Host

REGISTERS, MSIX_TABLE = 0, 4


@dataclass(frozen=True, slots=True)
class HostBus:
    """`bus.Bus` through the vfio-user server."""

    host: Host

    def read(self, address: int, length: int) -> bytes:
        return self.host.memory.read(address, length)

    def write(self, address: int, data: bytes) -> None:
        self.host.memory.write(address, data)

    def interrupt(self, vector: int) -> None:
        self.host.interrupts.raise_interrupt(vector)

    def transmit(self, frame: bytes) -> None:
        self.host.wire.send(frame)


class Ixgbe:
    """82599ES with an SFP+ cage (8086:10fb), one port of it."""

    identity = Identity(vendor=0x8086, device=0x10FB, subsystem_vendor=0x8086, subsystem=0x000C, revision=1)
    bars: tuple[Bar, ...] = (Bar(REGISTERS, 128 << 10), Bar(MSIX_TABLE, 16 << 10))
    msix = MsixTable(vectors=64, bar=MSIX_TABLE, table_offset=0, pending_offset=0x2000)
    nic: Nic

    def __init__(self, mac: bytes) -> None:
        self._mac = mac

    def attach(self, host: Host) -> None:
        self.nic = Nic(HostBus(host), self._mac)

    def reset(self) -> None:
        self.nic.reset()

    def read(self, bar: int, offset: int, length: int) -> int:
        if bar != REGISTERS:
            return 0
        words = [self.nic.read(offset + place) & 0xFFFFFFFF for place in range(0, length, 4)]
        return int.from_bytes(struct.pack(f"<{len(words)}I", *words)[:length], "little")

    def write(self, bar: int, offset: int, length: int, value: int) -> None:
        if bar == REGISTERS:
            for place in range(0, length, 4):
                self.nic.write(offset + place, value >> 8 * place & 0xFFFFFFFF)

    def receive(self, frame: bytes) -> None:
        self.nic.receive(frame)

    def tick(self, now_ns: int) -> None:
        """Nothing in this model depends on time."""
