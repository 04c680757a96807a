"""Does what the deciding parts want done."""

from collections.abc import Iterable
from logging import Logger
from typing import assert_never

from aeron_dpdk.control.actions import (
    Action,
    DropParked,
    Forget,
    GiveUp,
    Install,
    ReportConflict,
    SendFrame,
    SendParked,
    SendRequest,
    Tally,
)
from aeron_dpdk.control.arp import request_frame
from aeron_dpdk.control.data_plane import Count, DataPlane
from aeron_dpdk.control.identity import Identity
from aeron_dpdk.control.rate import NANOSECONDS, Occasional

_SILENCE_NS = 60 * NANOSECONDS
_MAX_SILENT_REPORTED = 64


class Effects:
    def __init__(self, data_plane: DataPlane, identity: Identity, log: Logger) -> None:
        self._data_plane = data_plane
        self._identity = identity
        self._log = log
        self._reports = Occasional(_SILENCE_NS, _MAX_SILENT_REPORTED)

    def perform(self, actions: Iterable[Action], now_ns: int) -> None:
        for action in actions:
            self._perform(action, now_ns)

    def _perform(self, action: Action, now_ns: int) -> None:
        data_plane = self._data_plane
        match action:
            case SendRequest(ipv4, mac):
                self._transmit(request_frame(self._identity, ipv4, mac), Count.ARP_REQUESTS_SENT)
            case SendFrame(frame, what):
                self._transmit(frame, what)
            case SendParked(frames):
                for frame in frames:
                    data_plane.transmit(frame)
            case Install(ipv4, mac):
                data_plane.neighbour_set(ipv4, mac)
            case Forget(ipv4):
                data_plane.neighbour_forget(ipv4)
            case DropParked(frames):
                data_plane.count(Count.PARKED_DROPPED, frames)
            case GiveUp(ipv4):
                data_plane.count(Count.ARP_FAILED)
                if self._reports.allows(str(ipv4), now_ns):
                    self._log.warning("nobody answers ARP for %s", ipv4)
            case ReportConflict(mac):
                self._log.error(
                    "%s also uses our address %s; give one of the two another", mac, self._identity.ipv4
                )
            case Tally(what):
                data_plane.count(what)
            case _:
                assert_never(action)

    def _transmit(self, frame: bytes, what: Count) -> None:
        if self._data_plane.transmit(frame):
            self._data_plane.count(what)
