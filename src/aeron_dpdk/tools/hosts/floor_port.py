"""The port that `aeron-dpdk ping --floor` and `pong --floor` use exclusively: no driver, no Aeron."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address
from typing import Any, TypeVar

import click

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.control.routing import Routing
from aeron_dpdk.driver.command_line import split_command_line
from aeron_dpdk.driver.eal_arguments import complete_eal_arguments
from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.main import read_settings
from aeron_dpdk.errors import PortError, SettingConflictError
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.native import Eal
from aeron_dpdk.seam import DEFAULT_CACHE_SIZE
from aeron_dpdk.tools.measure.job import PhaseReport, Role
from aeron_dpdk.tools.measure.load_thread import PhaseOrder, error_text, floor_function, run_order
from aeron_dpdk.wire.ethernet import EthernetFrame, Mac
from aeron_dpdk.wire.packet import Malformed

LONGEST_FRAME_BYTES = 2048

Command = TypeVar("Command", bound=Callable[..., Any])


def driver_arguments(command: Command) -> Command:
    """The arguments after --, which the command gets as `arguments`."""
    return click.argument("arguments", nargs=-1, type=click.UNPROCESSED)(command)


def refuse_without_floor(arguments: Sequence[str]) -> None:
    if arguments:
        raise click.UsageError(f"{arguments[0]} is for a driver of --floor, which is not given")


class FloorPort:
    """One DPDK port. Its frames and phases belong to one thread; stop() may be called by any."""

    def __init__(self, interface: InterfaceSettings) -> None:
        """Raises PortError and SettingConflictError. The EAL must already be initialised."""
        if interface.vlan is not None:
            raise SettingConflictError(
                f"{interface.name('VLAN')} is {interface.vlan}, and --floor sends no tags",
                "unset it, or measure without --floor",
            )
        local = interface.local_ipv4_address
        self._routing = Routing(local.address, local.prefix_length, interface.gateway_ipv4_address)
        settings = {
            "port_id": interface.port_id,
            "mtu": interface.mtu or 0,
            "rx_queue_size": interface.rx_queue_size or 0,
            "tx_queue_size": interface.tx_queue_size or 0,
            "rx_mempool_cache_size": DEFAULT_CACHE_SIZE,
            "tx_mempool_cache_size": DEFAULT_CACHE_SIZE,
            "local_ipv4": int(local.address),
            "threads_shared": True,
        }
        self._floor = lib.adk_floor_open(ffi.new("adk_settings_t *", settings), False)
        if self._floor == ffi.NULL:
            raise PortError(error_text(), lib.adk_error_code())
        octets = ffi.new("uint8_t[6]")
        lib.adk_floor_mac(self._floor, octets)
        self._mac = Mac(bytes(octets))
        self._bytes = ffi.new("uint8_t[]", LONGEST_FRAME_BYTES)

    @property
    def routing(self) -> Routing:
        return self._routing

    @property
    def mac(self) -> Mac:
        return self._mac

    def close(self) -> None:
        lib.adk_floor_close(self._floor)

    def stop(self) -> None:
        lib.adk_floor_stop(self._floor)

    def begin(self, role: Role) -> None:
        """Makes the calling thread the owner from now on. Raises LoadError."""
        if lib.adk_floor_begin(self._floor, -1) < 0:
            raise LoadError(role, error_text())

    def transmit(self, frame: EthernetFrame, role: Role) -> None:
        """Raises LoadError."""
        data = frame.emit()
        if lib.adk_floor_transmit_frame(self._floor, data, len(data)) < 0:
            raise LoadError(role, error_text())

    def receive(self, role: Role) -> EthernetFrame | None:
        """The next frame that is not part of a phase; None if there is none now. Raises LoadError."""
        length = lib.adk_floor_receive_frame(self._floor, self._bytes, LONGEST_FRAME_BYTES)
        if length < 0:
            raise LoadError(role, error_text())
        try:
            return EthernetFrame.parse(ffi.buffer(self._bytes, length)[:]) if length else None
        except Malformed:
            return None

    def measure(self, order: PhaseOrder, mac: Mac, peer: IPv4Address, udp_port: int) -> PhaseReport:
        """Raises LoadError."""
        longest = lib.adk_floor_longest_message(self._floor)
        if order.phase.message_length > longest:
            raise LoadError(
                order.role,
                f"{order.phase.message_length} bytes do not fit a frame of this port, {longest} do",
            )
        lib.adk_floor_address(self._floor, mac.octets, int(peer), udp_port)
        function: Any = floor_function(order.role, order.phase.kind)
        return run_order(function, self._floor, order)


@contextmanager
def opened_floor(driver_arguments: Sequence[str]) -> Iterator[FloorPort]:
    """The first interface that `aeronmd_dpdk` would have with these arguments. The calling thread becomes
    DPDK's main lcore. Raises AeronDpdkError."""
    settings = read_settings(split_command_line(driver_arguments))
    eal = Eal(complete_eal_arguments(settings.eal_arguments, os.sched_getaffinity(0), None))
    try:
        port = FloorPort(settings.interfaces[0])
        try:
            yield port
        finally:
            port.close()
    finally:
        eal.close()
