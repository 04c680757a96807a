"""What a model of a NIC implements, and what it is given to do so."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tests.lab.vfio_user.configuration_space import Bar, Identity, MsixTable
from tests.lab.vfio_user.memory import GuestMemory


class Wire(Protocol):
    """What the NIC is plugged into: `tap.Tap`."""

    def fileno(self) -> int: ...

    def send(self, frame: bytes) -> None: ...

    def frames(self, most: int) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Interrupts:
    """MSI-X vectors as eventfds that QEMU passed; a vector without one is masked or not in use."""

    def __init__(self, vectors: int) -> None:
        self._eventfds: list[int] = [-1] * vectors

    def __len__(self) -> int:
        return len(self._eventfds)

    def attach(self, first: int, eventfds: tuple[int, ...]) -> None:
        for vector, eventfd in enumerate(eventfds, start=first):
            self.detach(vector)
            self._eventfds[vector] = eventfd

    def detach(self, vector: int) -> None:
        if self._eventfds[vector] >= 0:
            os.close(self._eventfds[vector])
            self._eventfds[vector] = -1

    def raise_interrupt(self, vector: int) -> None:
        if self._eventfds[vector] >= 0:
            os.eventfd_write(self._eventfds[vector], 1)


@dataclass(slots=True)
class Host:
    """What the machine provides to a device."""

    memory: GuestMemory
    interrupts: Interrupts
    wire: Wire
    mapped: dict[int, memoryview] = field(default_factory=dict)
    """By BAR: the memory of those that the guest writes without a message."""


class Device(Protocol):
    """One function. All calls come from one thread, the server's."""

    @property
    def identity(self) -> Identity: ...

    @property
    def bars(self) -> tuple[Bar, ...]: ...

    @property
    def msix(self) -> MsixTable: ...

    def attach(self, host: Host) -> None:
        """Called once, before anything else."""

    def reset(self) -> None:
        """A function level reset, or a reset of the machine."""

    def read(self, bar: int, offset: int, length: int) -> int: ...

    def write(self, bar: int, offset: int, length: int, value: int) -> None: ...

    def receive(self, frame: bytes) -> None:
        """A frame has arrived on the wire; if there is no buffer for it, the device drops and counts it."""

    def tick(self, now_ns: int) -> None:
        """Called about every TICK_S: keep-alives, watchdogs, moderation."""
