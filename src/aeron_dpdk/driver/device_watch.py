"""Two chores about a port's device: to notice that it is gone, which neither the link state nor the PMD may
show; and to count the frames that the kernel dropped before net_af_packet saw them."""

import logging
from collections.abc import Callable

from aeron_dpdk.control.data_plane import Count, DataPlane
from aeron_dpdk.control.rate import NANOSECONDS, Every
from aeron_dpdk.machine.facts.port_device import PacketSockets

LOG = logging.getLogger(__name__)
PERIOD_NS = NANOSECONDS


class DeviceWatch:
    """A chore of the control loop. `is_there` tells whether the device can be found; `is_wanted_back`,
    whether the kernel is waiting for it."""

    def __init__(self, name: str, is_there: Callable[[], bool], is_wanted_back: Callable[[], bool]) -> None:
        self._name = name
        self._is_there = is_there
        self._is_wanted_back = is_wanted_back
        self._due = Every(PERIOD_NS)
        self._was_seen_to_go = False

    @property
    def due_ns(self) -> int:
        return self._due.due_ns

    def step(self, now_ns: int) -> None:
        if self._due.is_due(now_ns):
            self.is_present()

    def is_present(self) -> bool:
        """Once it is gone, it stays gone: a new device at the same place is not the one that the port has."""
        if self._was_seen_to_go:
            return False
        if not self._is_there():
            LOG.warning("the device of the port, %s, is gone: restart the driver once it is back", self._name)
        elif self._is_wanted_back():
            LOG.warning("%s is about to be removed, and the kernel waits for it: stop the driver", self._name)
        else:
            return True
        self._was_seen_to_go = True
        return False


class KernelDrops:
    """A chore of the control loop, for the device on `interface`."""

    def __init__(self, interface: str, data_plane: DataPlane) -> None:
        self._sockets = PacketSockets(interface)
        self._data_plane = data_plane
        self._due = Every(PERIOD_NS)

    @property
    def due_ns(self) -> int:
        return self._due.due_ns

    def step(self, now_ns: int) -> None:
        if self._due.is_due(now_ns):
            self._data_plane.count(Count.RX_KERNEL_DROPPED, self._sockets.drops())

    def close(self) -> None:
        self._sockets.close()
