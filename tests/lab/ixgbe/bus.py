"""What the model needs from the machine that it is plugged into."""

from typing import Protocol


class Bus(Protocol):
    """The host side of a PCI device."""

    def read(self, address: int, length: int) -> bytes:
        """DMA from the host's memory."""

    def write(self, address: int, data: bytes) -> None:
        """DMA into the host's memory, in the order of the calls; 8 aligned bytes are written atomically."""

    def interrupt(self, vector: int) -> None: ...

    def transmit(self, frame: bytes) -> None:
        """Sends a frame to the cable, without its CRC."""
