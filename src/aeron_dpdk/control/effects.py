"""Carries out the actions that the control plane decides on."""

from collections.abc import Iterable
from ipaddress import IPv6Address
from logging import Logger
from typing import assert_never

from aeron_dpdk.control.actions import (
    Action,
    DropParked,
    Forget,
    GiveUp,
    HaveAddress,
    Install,
    ReportConflict,
    ReportLinkMtu,
    ReportTooBig,
    SendFrame,
    SendParked,
    SendRequest,
    Tally,
    UseGateway,
)
from aeron_dpdk.control.arp import request_frame
from aeron_dpdk.control.data_plane import Count, DataPlane
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.control.ndp import solicitation_frame
from aeron_dpdk.control.rate import NANOSECONDS, Occasional
from aeron_dpdk.control.routing import Identity
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address

_SILENCE_NS = 60 * NANOSECONDS
_MAX_SILENT_REPORTED = 64
IPV6_AND_UDP = 48  # bytes of headers, which a channel's MTU does not include


class Effects:
    def __init__(
        self, data_plane: DataPlane, identity: Identity, ipv6: Ipv6Identity | None, log: Logger
    ) -> None:
        self._data_plane = data_plane
        self._identity = identity
        self._ipv6 = ipv6
        self._log = log
        self._reports = Occasional(_SILENCE_NS, _MAX_SILENT_REPORTED)

    def perform(self, actions: Iterable[Action], now_ns: int) -> None:
        for action in actions:
            self._perform(action, now_ns)

    def _perform(self, action: Action, now_ns: int) -> None:
        data_plane = self._data_plane
        match action:
            case SendRequest(address, mac):
                self._ask(address, mac)
            case SendFrame(frame, what):
                self._transmit(frame, what)
            case SendParked(frames):
                for frame in frames:
                    data_plane.transmit(frame)
            case Install(address, mac):
                data_plane.neighbour_set(address, mac)
            case Forget(address):
                data_plane.neighbour_forget(address)
            case DropParked(frames):
                data_plane.count(Count.PARKED_DROPPED, frames)
            case HaveAddress(own, is_usable):
                data_plane.have_address(own, is_usable)
            case UseGateway(gateway):
                data_plane.use_gateway(gateway)
                if self._reports.allows(f"gateway {gateway}", now_ns):
                    self._log.info("the IPv6 gateway is %s", gateway or "none: no router advertises itself")
            case GiveUp() | ReportConflict() | ReportTooBig() | ReportLinkMtu():
                self._tell(action, now_ns)
            case Tally(what):
                data_plane.count(what)
            case _:
                assert_never(action)

    def _tell(self, action: GiveUp | ReportConflict | ReportTooBig | ReportLinkMtu, now_ns: int) -> None:
        """Logs what the operator should know. Events that other hosts can cause are logged at most once a
        minute for each address."""
        match action:
            case GiveUp(address):
                is_ipv6 = isinstance(address, IPv6Address)
                self._data_plane.count(Count.NDP_FAILED if is_ipv6 else Count.ARP_FAILED)
                if self._reports.allows(str(address), now_ns):
                    how = "neighbour solicitations" if is_ipv6 else "ARP"
                    self._log.warning("nobody answers %s for %s", how, address)
            case ReportConflict(address, mac):
                self._log.error("%s also uses our address %s; change one of the two addresses", mac, address)
            case ReportTooBig(destination, mtu):
                if self._reports.allows(f"too big {destination}", now_ns):
                    self._log.warning(
                        "a router on the way to %s passes packets of at most %d bytes: give channels there "
                        "mtu=%d or less, or set AERON_DPDK_MTU",
                        *(destination, mtu, mtu - IPV6_AND_UDP),
                    )
            case ReportLinkMtu(router, mtu):
                self._log.warning(
                    "%s says that this link passes packets of at most %d bytes: set AERON_DPDK_MTU=%d",
                    *(router, mtu, mtu),
                )

    def _ask(self, address: Address, mac: Mac | None) -> None:
        """The only difference between neighbours of the two families."""
        if isinstance(address, IPv6Address):
            assert self._ipv6 is not None
            frame = solicitation_frame(self._ipv6, address, mac)
            self._transmit(frame, Count.NDP_SOLICITATIONS_SENT)
        else:
            self._transmit(request_frame(self._identity, address, mac), Count.ARP_REQUESTS_SENT)

    def _transmit(self, frame: bytes, what: Count) -> None:
        if self._data_plane.transmit(frame):
            self._data_plane.count(what)
