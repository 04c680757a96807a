"""What the model needs of the machine that it is put into."""

from typing import Protocol


class Bus(Protocol):
    """The host side of a PCI device."""

    def read(self, address: int, length: int) -> bytes:
        """DMA from the host's memory."""

    def write(self, address: int, data: bytes) -> None:
        """DMA into it, in the order of the calls; 8 aligned bytes are written at once."""

    def interrupt(self, vector: int) -> None: ...

    def transmit(self, frame: bytes) -> None:
        """A frame onto the cable, without its CRC."""
