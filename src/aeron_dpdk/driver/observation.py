"""What a running driver answers on its socket."""

import os
import time
from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from ipaddress import IPv4Address
from json import dumps
from typing import Any, Protocol

from aeron_dpdk.control.data_plane import Link
from aeron_dpdk.control.ipv6 import Ipv6Host
from aeron_dpdk.control.neighbour import Neighbour
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS
from aeron_dpdk.driver.answering import Answer
from aeron_dpdk.errors import PortError
from aeron_dpdk.errors.observe import CaptureRefusedError
from aeron_dpdk.observe.view import AddressView, DriverView, InterfaceView, Ipv6View, NeighbourView, PortView
from aeron_dpdk.seam import Parts, PortInfo, StackPart, StackSettings

MAX_SNAP_LENGTH = 65535
VIEW_AGE_NS = NANOSECONDS // 10  # a view is made no more often than that, however many ask
_MS = 1_000_000

# Before privileges are dropped: what this imports may be readable by root only.
VERSION = version("aeron-dpdk")


class Control(Protocol):
    """The part of an interface's control plane that a view needs."""

    @property
    def neighbours(self) -> Iterable[Neighbour]: ...

    @property
    def ipv6(self) -> Ipv6Host | None: ...

    @property
    def port_is_usable(self) -> bool: ...

    def ask(self, address: IPv4Address) -> None: ...


@dataclass(frozen=True, slots=True)
class ObservedInterface:
    """`is_present` tells whether the port's device is still there."""

    stack: StackPart
    control: Control
    settings: StackSettings
    is_present: Callable[[], bool] = lambda: True

    @property
    def name(self) -> str:
        return self.settings.interface_name


class Observation:
    """Used by the control thread only. `interfaces` are in the order of their numbers; `clock` gives
    monotonic nanoseconds."""

    def __init__(
        self,
        parts: Parts,
        interfaces: Sequence[ObservedInterface],
        threading_mode: str,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._parts = parts
        self._interfaces = tuple(interfaces)
        self._threading_mode = threading_mode
        self._clock = clock
        self._version = VERSION
        self._start_ns = clock()
        self._view = ""
        self._view_ns = self._start_ns - VIEW_AGE_NS
        self._ending: list[StackPart] = []
        self.due_ns = NEVER_NS

    def answer(self, request: dict[str, Any]) -> Answer:
        match request.get("request"):
            case "view":
                return Answer(self._view_json(self._clock()))
            case "ask-gateway":
                return self._ask_gateways()
            case "capture":
                return self._capture(request)
            case _:
                return Answer(dumps({"error": "not a request that this version knows"}))

    def _ask_gateways(self) -> Answer:
        """Answers at once; the next view shows what the gateways answered."""
        for each in self._interfaces:
            if each.settings.gateway is not None:
                each.control.ask(each.settings.gateway)
        return Answer("{}")

    def step(self, now_ns: int) -> None:
        """A chore of the control loop."""
        if now_ns >= self.due_ns:
            self._ending = [stack for stack in self._ending if stack.capture_step()]
            self.due_ns = self.due_ns if self._ending else NEVER_NS

    def _end_capture(self, stack: StackPart) -> None:
        stack.capture_close()
        self._ending.append(stack)
        self.due_ns = 0

    def _capture(self, request: dict[str, Any]) -> Answer:
        """The capture lasts as long as the conversation: frames are copied until the other side hangs up."""
        try:
            program, snap_length = b64decode(request["program"], validate=True), request["snap_length"]
            if not isinstance(snap_length, int) or not 0 < snap_length <= MAX_SNAP_LENGTH:
                raise ValueError("snap_length is out of range")
        except (KeyError, TypeError, ValueError) as error:
            return Answer(dumps({"error": f"not a capture that this version knows: {error}"}))
        wanted = request.get("interface")
        found = next((each for each in self._interfaces if wanted in (None, *_names(each))), None)
        if found is None:
            names = ", ".join(each.name for each in self._interfaces)
            return Answer(dumps({"error": f"it has no interface {wanted}; name one of {names} with -i"}))
        try:
            descriptor = found.stack.capture_open(program, snap_length)
        except CaptureRefusedError as error:
            return Answer(dumps({"error": error.reason}))
        return Answer(
            dumps({"interface": found.name, "device": found.stack.port_info().name}),
            (descriptor,),
            lambda: self._end_capture(found.stack),
        )

    def _view_json(self, now_ns: int) -> str:
        if now_ns >= self._view_ns + VIEW_AGE_NS:
            self._view = self.view(now_ns).to_json()
            self._view_ns = now_ns
        return self._view

    def view(self, now_ns: int) -> DriverView:
        return DriverView(
            version=self._version,
            aeron_version=self._parts.aeron_version,
            dpdk_version=self._parts.dpdk_version,
            pid=os.getpid(),
            uid=os.geteuid(),
            gid=os.getegid(),
            uptime_ms=(now_ns - self._start_ns) // _MS,
            threading_mode=self._threading_mode,
            interfaces=tuple(_interface_view(each, now_ns) for each in self._interfaces),
        )


def _names(interface: ObservedInterface) -> tuple[str, ...]:
    """The names by which a tool may ask for it: those of `interface=`, and its device."""
    own = str(interface.settings.local_address)
    return interface.name, own, interface.stack.port_info().name


def _interface_view(interface: ObservedInterface, now_ns: int) -> InterfaceView:
    stack, settings, control = interface.stack, interface.settings, interface.control
    return InterfaceView(
        name=interface.name,
        address=AddressView(
            str(settings.local_address),
            settings.prefix_length,
            str(settings.gateway) if settings.gateway else None,
        ),
        ipv6=_ipv6_view(control.ipv6),
        port=_port_view(interface),
        rx_queues=stack.rx_queues() if control.port_is_usable else (),
        rings=stack.rings(),
        mempools=stack.mempools(),
        endpoint_count=stack.endpoint_count(),
        endpoints=stack.endpoints(),
        neighbours=tuple(_neighbour_view(each, now_ns) for each in _all_neighbours(control)),
    )


def _all_neighbours(control: Control) -> Iterator[Neighbour]:
    yield from control.neighbours
    if control.ipv6 is not None:
        yield from control.ipv6.neighbours


def _ipv6_view(host: Ipv6Host | None) -> Ipv6View | None:
    if host is None:
        return None
    gateway = host.identity.routing.gateway
    return Ipv6View(tuple(map(str, host.identity.addresses)), str(gateway) if gateway else None)


def _port_view(interface: ObservedInterface) -> PortView:
    info = interface.stack.port_info()
    link = Link(False, False, 0)
    with suppress(PortError):
        link = interface.stack.link()
    return PortView(
        id=interface.settings.port_id,
        name=info.name,
        driver=info.driver,
        mac=str(info.mac),
        mtu=info.mtu,
        vlan=str(info.vlan) if info.vlan else None,
        socket_id=info.socket_id,
        rx_queues=info.rx_queues,
        tx_queues=info.tx_queues,
        rx_queue_size=info.rx_queue_size,
        tx_queue_size=info.tx_queue_size,
        offloads=_offloads(info),
        is_steered=info.steered,
        has_rx_timestamps=info.rx_timestamps,
        is_hashed=info.hashed,
        is_up=link.is_up,
        is_full_duplex=link.is_full_duplex,
        speed_mbps=link.speed_mbps,
        is_usable=interface.control.port_is_usable,
        is_present=interface.is_present(),
    )


def _offloads(info: PortInfo) -> tuple[str, ...]:
    in_use = {
        "rx-checksum": info.rx_checksum_offload,
        "tx-ipv4-checksum": info.tx_ipv4_checksum_offload,
        "tx-udp-checksum": info.tx_udp_checksum_offload,
        "rx-vlan-strip": info.rx_vlan_offload,
        "tx-vlan-insert": info.tx_vlan_offload,
    }
    return tuple(name for name, is_used in in_use.items() if is_used)


def _neighbour_view(neighbour: Neighbour, now_ns: int) -> NeighbourView:
    confirmed_ns = neighbour.confirmed_ns
    return NeighbourView(
        str(neighbour.address),
        str(neighbour.mac) if neighbour.mac else None,
        neighbour.state.value,
        None if confirmed_ns is None else (now_ns - confirmed_ns) // _MS,
        len(neighbour.parked),
    )
