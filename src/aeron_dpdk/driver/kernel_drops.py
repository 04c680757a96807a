"""A count of the frames that the kernel threw away in front of net_af_packet."""

from aeron_dpdk.control.data_plane import Count, DataPlane
from aeron_dpdk.control.rate import NANOSECONDS, Every
from aeron_dpdk.machine.facts.port_device import PacketSockets

PERIOD_NS = NANOSECONDS


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
