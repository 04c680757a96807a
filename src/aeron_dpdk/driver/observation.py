"""What a running driver answers on its socket."""

import os
import time
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from json import dumps
from typing import Any

from aeron_dpdk.control.data_plane import Link
from aeron_dpdk.control.loop import ControlLoop
from aeron_dpdk.control.neighbour import Neighbour
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS
from aeron_dpdk.driver.answering import Answer
from aeron_dpdk.errors import PortError
from aeron_dpdk.observe.errors import CaptureRefusedError
from aeron_dpdk.observe.view import AddressView, DriverView, NeighbourView, PortView
from aeron_dpdk.seam import Parts, PortInfo, StackPart, StackSettings

MAX_SNAP_LENGTH = 65535
VIEW_AGE_NS = NANOSECONDS // 10  # however many ask, a view is made no more often
_MS = 1_000_000


class Observation:
    """Lives on the control thread. `is_present` tells whether the port's device is there, `clock` gives
    monotonic nanoseconds."""

    def __init__(
        self,
        parts: Parts,
        stack: StackPart,
        loop: ControlLoop,
        settings: StackSettings,
        threading_mode: str,
        is_present: Callable[[], bool] = lambda: True,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._parts = parts
        self._stack = stack
        self._loop = loop
        self._settings = settings
        self._threading_mode = threading_mode
        self._is_present = is_present
        self._clock = clock
        self._version = version("aeron-dpdk")  # once: it reads files
        self._start_ns = clock()
        self._view = ""
        self._view_ns = self._start_ns - VIEW_AGE_NS
        self.due_ns = NEVER_NS

    def answer(self, request: dict[str, Any]) -> Answer:
        match request.get("request"):
            case "view":
                return Answer(self._view_json(self._clock()))
            case "ask-gateway":
                return self._ask_gateway()
            case "capture":
                return self._capture(request)
            case _:
                return Answer(dumps({"error": "not a request that this version knows"}))

    def _ask_gateway(self) -> Answer:
        """The view shows what comes of it."""
        if self._settings.gateway is not None:
            self._loop.ask(self._settings.gateway)
        return Answer("{}")

    def step(self, now_ns: int) -> None:
        """A chore of the control loop."""
        if now_ns >= self.due_ns and not self._stack.capture_step():
            self.due_ns = NEVER_NS

    def _end_capture(self) -> None:
        self._stack.capture_close()
        self.due_ns = 0

    def _capture(self, request: dict[str, Any]) -> Answer:
        """The conversation is the capture: frames are copied until the other side hangs up."""
        try:
            program, snap_length = b64decode(request["program"], validate=True), request["snap_length"]
            if not isinstance(snap_length, int) or not 0 < snap_length <= MAX_SNAP_LENGTH:
                raise ValueError("snap_length is out of range")
        except (KeyError, TypeError, ValueError) as error:
            return Answer(dumps({"error": f"not a capture that this version knows: {error}"}))
        try:
            descriptor = self._stack.capture_open(program, snap_length)
        except CaptureRefusedError as error:
            return Answer(dumps({"error": error.reason}))
        return Answer(
            dumps({"interface": f"dpdk{self._settings.port_id}", "device": self._stack.port_info().name}),
            (descriptor,),
            self._end_capture,
        )

    def _view_json(self, now_ns: int) -> str:
        if now_ns >= self._view_ns + VIEW_AGE_NS:
            self._view = self.view(now_ns).to_json()
            self._view_ns = now_ns
        return self._view

    def view(self, now_ns: int) -> DriverView:
        stack, settings = self._stack, self._settings
        return DriverView(
            version=self._version,
            aeron_version=self._parts.aeron_version,
            dpdk_version=self._parts.dpdk_version,
            pid=os.getpid(),
            uid=os.geteuid(),
            gid=os.getegid(),
            uptime_ms=(now_ns - self._start_ns) // _MS,
            threading_mode=self._threading_mode,
            address=AddressView(
                str(settings.local_address),
                settings.prefix_length,
                str(settings.gateway) if settings.gateway else None,
            ),
            port=self._port(),
            rx_queues=stack.rx_queues() if self._loop.port_is_usable else (),
            rings=stack.rings(),
            mempools=stack.mempools(),
            endpoint_count=stack.endpoint_count(),
            endpoints=stack.endpoints(),
            neighbours=tuple(_neighbour_view(each, now_ns) for each in self._loop.neighbours),
        )

    def _port(self) -> PortView:
        info = self._stack.port_info()
        link = Link(False, False, 0)
        with suppress(PortError):
            link = self._stack.link()
        return PortView(
            id=self._settings.port_id,
            name=info.name,
            driver=info.driver,
            mac=str(info.mac),
            mtu=info.mtu,
            socket_id=info.socket_id,
            rx_queues=info.rx_queues,
            tx_queues=info.tx_queues,
            rx_queue_size=info.rx_queue_size,
            tx_queue_size=info.tx_queue_size,
            offloads=_offloads(info),
            is_steered=info.steered,
            is_up=link.is_up,
            is_full_duplex=link.is_full_duplex,
            speed_mbps=link.speed_mbps,
            is_usable=self._loop.port_is_usable,
            is_present=self._is_present(),
        )


def _offloads(info: PortInfo) -> tuple[str, ...]:
    in_use = {
        "rx-checksum": info.rx_checksum_offload,
        "tx-ipv4-checksum": info.tx_ipv4_checksum_offload,
        "tx-udp-checksum": info.tx_udp_checksum_offload,
    }
    return tuple(name for name, is_used in in_use.items() if is_used)


def _neighbour_view(neighbour: Neighbour, now_ns: int) -> NeighbourView:
    confirmed_ns = neighbour.confirmed_ns
    return NeighbourView(
        str(neighbour.ipv4),
        str(neighbour.mac) if neighbour.mac else None,
        neighbour.state.value,
        None if confirmed_ns is None else (now_ns - confirmed_ns) // _MS,
        len(neighbour.parked),
    )
