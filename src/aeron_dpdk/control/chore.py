"""What the control loop does besides its own work."""

from typing import Protocol


class Chore(Protocol):
    @property
    def due_ns(self) -> int:
        """When step() is wanted at the latest."""

    def step(self, now_ns: int) -> None:
        """Called at every turn of the loop, also before it is due. What it raises is counted and logged."""
