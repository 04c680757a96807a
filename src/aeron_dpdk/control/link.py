"""Link state as edges."""

from enum import Enum

from aeron_dpdk.control.data_plane import Link


class LinkEdge(Enum):
    CAME_UP = "up"
    WENT_DOWN = "down"


class LinkMonitor:
    """The link counts as up until it is seen down, so that a start on a healthy link is no change."""

    def __init__(self) -> None:
        self._was_up = True

    def observe(self, link: Link) -> LinkEdge | None:
        if link.is_up == self._was_up:
            return None
        self._was_up = link.is_up
        return LinkEdge.CAME_UP if link.is_up else LinkEdge.WENT_DOWN
