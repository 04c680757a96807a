"""A typed interface to the extension module: EAL, the stack above a port, Aeron's driver.

All calls must be made by the control thread, the one that made the `Eal`, unless they say otherwise. If a
call fails in C, it raises the AeronDpdkError that fits, with C's error text.
"""

import errno
import os
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Interface
from typing import Any

from aeron_dpdk.control.data_plane import Count, Event, FrameReceived, Learned, Link, Unresolved
from aeron_dpdk.errors import (
    AeronDpdkError,
    DirectoryError,
    DirectoryFullError,
    DirectoryInUseError,
    DriverError,
    EalError,
    EalUsedError,
    NotBuiltError,
    PortError,
    PortMemoryError,
)
from aeron_dpdk.errors.observe import CaptureRefusedError
from aeron_dpdk.seam import MAX_ENDPOINTS_SHOWN, Endpoint, Level, Parts, PortInfo, StackPart, StackSettings
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address

try:
    from aeron_dpdk._native import ffi, lib
except ImportError as error:
    raise NotBuiltError(str(error)) from error

MAX_LEVELS = 32
MAX_GROUPS = 256  # as aeron_dpdk.h has it
INSTRUCTION_LENGTH = 8  # struct bpf_insn


def _text(pointer: Any) -> str:
    return str(ffi.string(pointer).decode(errors="replace"))


def _failure() -> tuple[str, int]:
    """The text and the errno value of this thread's last failed call."""
    return " ".join(_text(lib.adk_error_text()).split()), int(lib.adk_error_code())


def _port_failure() -> PortError:
    reason, code = _failure()
    return (PortMemoryError if code == errno.ENOMEM else PortError)(reason, code)


def aeron_version() -> str:
    return _text(lib.adk_aeron_version())


def dpdk_version() -> str:
    return _text(lib.adk_dpdk_version())


class CLog:
    """Where DPDK's log lines go, also those that are left when the process crashes."""

    def log_to(self, descriptor: int) -> None:
        """-1 is stderr. Raises OSError."""
        if lib.adk_eal_log_to(descriptor) < 0:
            raise OSError(_failure()[1], _failure()[0])

    def drain_on_crash(self, source: int, target: int) -> None:
        lib.adk_log_drain_on_crash(source, target)


class Eal:
    """DPDK's environment. The calling thread becomes the main lcore and the control thread."""

    _used = False

    def __init__(self, arguments: Sequence[str]) -> None:
        """`arguments` begins with the program name. Raises EalError, and EalUsedError the second time."""
        if Eal._used:
            raise EalUsedError()
        Eal._used = True
        self._strings = [ffi.new("char[]", os.fsencode(argument)) for argument in arguments]
        # Kept: getopt reorders the array, and DPDK may point into the strings.
        self._argv = ffi.new("char *[]", [*self._strings, ffi.NULL])
        if lib.adk_eal_init(len(self._strings), self._argv) < 0:
            raise EalError(_failure()[0], tuple(arguments))

    def keep_pages(self) -> None:
        lib.adk_eal_keep_pages()

    def give_up_capabilities(self, thread_id: int) -> None:
        if lib.adk_give_up_capabilities(thread_id) < 0:
            reason, code = _failure()
            raise OSError(code, reason)

    def close(self) -> None:
        lib.adk_eal_cleanup()


class Stack:
    """One started port and the tables above it; the DataPlane that the control plane works against."""

    def __init__(self, settings: StackSettings, first: StackPart | None = None) -> None:
        """`first` is the stack of the first interface, None for that one itself. Raises PortError, and leaves
        nothing behind."""
        texts = {name: _c_string(text) for name, text in settings.texts().items()}
        chain = first.pointer if isinstance(first, Stack) else ffi.NULL
        pointer = lib.adk_stack_open(ffi.new("adk_settings_t *", {**settings.numbers(), **texts}), chain)
        if pointer == ffi.NULL:
            raise _port_failure()
        self._kept = texts  # the port's settings point to them
        self._pointer = pointer
        self._driver: Driver | None = None
        self._event = ffi.new("adk_control_event_t *")
        self._link = ffi.new("adk_link_t *")
        self._counts = lib.adk_control_counts(pointer)
        self._count_index = {name: index for index, name in enumerate(count_names())}

    @property
    def pointer(self) -> Any:
        """The adk_stack_t of C, for the load generator."""
        return self._pointer

    def open_driver(self) -> "Driver":
        if (
            lib.adk_telemetry_offer(self._pointer) < 0
        ):  # with all interfaces: the chain does not change any more
            raise _port_failure()
        self._driver = Driver(self._pointer)
        return self._driver

    def close(self) -> None:
        """Call it after the driver's close()."""
        lib.adk_telemetry_withdraw()
        lib.adk_stack_close(self._pointer)

    def port_info(self) -> PortInfo:
        info = ffi.new("adk_port_info_t *")
        if lib.adk_stack_port_info(self._pointer, info) < 0:
            raise _port_failure()
        return PortInfo(
            name=_text(info.name),
            driver=_text(info.driver),
            mac=Mac(bytes(info.mac)),
            mtu=info.mtu,
            rx_queues=info.rx_queues,
            tx_queues=info.tx_queues,
            rx_queue_size=info.rx_queue_size,
            tx_queue_size=info.tx_queue_size,
            socket_id=info.socket_id,
            rx_checksum_offload=bool(info.rx_checksum_offload),
            tx_ipv4_checksum_offload=bool(info.tx_ipv4_checksum_offload),
            tx_udp_checksum_offload=bool(info.tx_udp_checksum_offload),
            steered=bool(info.steered),
            rx_timestamps=bool(info.rx_timestamps),
            hashed=bool(info.hashed),
            datagram_max=info.datagram_max,
            vlan_tag=info.vlan_tci,
            rx_vlan_offload=bool(info.rx_vlan_offload),
            tx_vlan_offload=bool(info.tx_vlan_offload),
        )

    def rx_queues(self) -> tuple[Level, ...]:
        return self._levels(lib.adk_levels_rx_queues)

    def rings(self) -> tuple[Level, ...]:
        return self._levels(lib.adk_levels_rings)

    def mempools(self) -> tuple[Level, ...]:
        return self._levels(lib.adk_levels_mempools)

    def endpoints(self) -> tuple[Endpoint, ...]:
        found = ffi.new("adk_endpoint_view_t[]", MAX_ENDPOINTS_SHOWN)
        count = lib.adk_levels_endpoints(self._pointer, found, MAX_ENDPOINTS_SHOWN)
        return tuple(
            Endpoint(each.port, _poller(each.is_polled, each.is_receiver), bool(each.is_ipv6))
            for each in found[0 : min(count, MAX_ENDPOINTS_SHOWN)]
        )

    def endpoint_count(self) -> int:
        return int(lib.adk_levels_endpoints(self._pointer, ffi.NULL, 0))

    def capture_open(self, program: bytes, snap_length: int) -> int:
        length, rest = divmod(len(program), INSTRUCTION_LENGTH)
        if rest:
            raise CaptureRefusedError("the filter is cut in the middle of an instruction")
        descriptor = int(lib.adk_stack_capture_open(self._pointer, program, length, snap_length))
        if descriptor < 0:
            raise CaptureRefusedError(_failure()[0])
        return descriptor

    def capture_close(self) -> None:
        lib.adk_stack_capture_close(self._pointer)

    def capture_step(self) -> bool:
        return bool(lib.adk_stack_capture_step(self._pointer))

    def _levels(self, read: Any) -> tuple[Level, ...]:
        found = ffi.new("adk_level_t[]", MAX_LEVELS)
        count = read(self._pointer, found, MAX_LEVELS)
        return tuple(Level(_text(each.name), each.length, each.capacity) for each in found[0:count])

    # ---- DataPlane ----

    def receive(self) -> Event | None:
        event = self._event
        if lib.adk_control_receive(self._pointer, event) == 0:
            return None
        if event.kind == lib.ADK_CONTROL_FRAME:
            return FrameReceived(bytes(ffi.buffer(event.data, event.length)))
        is_ipv6 = event.kind in (lib.ADK_CONTROL_UNRESOLVED6, lib.ADK_CONTROL_LEARN6)
        next_hop = IPv6Address(bytes(event.next_hop6)) if is_ipv6 else IPv4Address(event.next_hop)
        if event.kind in (lib.ADK_CONTROL_UNRESOLVED, lib.ADK_CONTROL_UNRESOLVED6):
            return Unresolved(next_hop, bytes(ffi.buffer(event.data, event.length)))
        return Learned(next_hop, Mac(bytes(event.hint_mac)))

    def transmit(self, frame: bytes) -> bool:
        return bool(lib.adk_control_transmit(self._pointer, frame, len(frame)))

    def neighbour_set(self, address: Address, mac: Mac) -> None:
        if self._neighbour("set", address, mac.octets) < 0:
            raise _port_failure()

    def neighbour_forget(self, address: Address) -> None:
        self._neighbour("forget", address)

    def neighbour_was_used(self, address: Address) -> bool:
        return bool(self._neighbour("was_used", address))

    def neighbour_watch(self, address: Address) -> None:
        self._neighbour("watch", address)

    def neighbour_was_heard(self, address: Address) -> bool:
        return bool(self._neighbour("was_heard", address))

    def neighbour_is_disputed(self, address: Address) -> bool:
        return bool(self._neighbour("is_disputed", address))

    def looks(self) -> int:
        return int(lib.adk_stack_looks(self._pointer))

    def _neighbour(self, call: str, address: Address, *rest: bytes) -> Any:
        if isinstance(address, IPv6Address):
            return getattr(lib, f"adk_neighbour6_{call}")(self._pointer, address.packed, *rest)
        return getattr(lib, f"adk_neighbour_{call}")(self._pointer, int(address), *rest)

    def have_address(self, own: IPv6Interface, is_usable: bool) -> None:
        state = lib.ADK_LOCAL6_USABLE if is_usable else lib.ADK_LOCAL6_TENTATIVE
        if lib.adk_local6_set(self._pointer, own.ip.packed, own.network.prefixlen, state) < 0:
            raise _port_failure()

    def use_gateway(self, gateway: IPv6Address | None) -> None:
        lib.adk_gateway6_set(self._pointer, ffi.NULL if gateway is None else gateway.packed)

    def groups_moved(self) -> int:
        return int(lib.adk_groups_moved(self._pointer))

    def groups(self) -> frozenset[Address]:
        ipv4, ipv6 = ffi.new("uint32_t[]", MAX_GROUPS), ffi.new("uint8_t[]", 16 * MAX_GROUPS)
        count = lib.adk_groups_heard(self._pointer, ipv4, MAX_GROUPS)
        count6 = lib.adk_groups6_heard(self._pointer, ipv6, MAX_GROUPS)
        packed = bytes(ffi.buffer(ipv6, 16 * count6))
        found6 = (IPv6Address(packed[at : at + 16]) for at in range(0, len(packed), 16))
        return frozenset((*(IPv4Address(each) for each in ipv4[0:count]), *found6))

    def link(self) -> Link:
        link = self._link
        if lib.adk_stack_link(self._pointer, link) < 0:
            raise _port_failure()
        return Link(bool(link.is_up), bool(link.is_full_duplex), link.speed_mbps)

    def count(self, what: Count, n: int = 1) -> None:
        self._counts[self._count_index[what]] += n

    def reset_requested(self) -> bool:
        return bool(lib.adk_stack_reset_requested(self._pointer))

    def removal_requested(self) -> bool:
        return bool(lib.adk_stack_removal_requested(self._pointer))

    def request_reset(self) -> None:
        lib.adk_stack_request_reset(self._pointer)

    def reset_step(self) -> bool:
        result = lib.adk_stack_reset_step(self._pointer)
        if result < 0:
            raise _port_failure()
        return bool(result)

    def watch_device(self) -> None:
        lib.adk_stack_watch_device(self._pointer)

    def pause(self, until_ns: int) -> None:
        lib.adk_control_pause(self._pointer, self._driver_pointer(), until_ns)

    def sleep(self, until_ns: int, descriptors: Sequence[int]) -> bool:
        driver = self._driver_pointer()
        return bool(lib.adk_control_sleep(self._pointer, driver, until_ns, descriptors, len(descriptors)))

    def _driver_pointer(self) -> Any:
        return self._driver.pointer if self._driver is not None and self._driver.is_open else ffi.NULL


class Driver:
    """Aeron's media driver, over a stack; or, if `stack` is NULL, over kernel sockets like the stock one."""

    def __init__(self, stack: Any) -> None:
        """Creates Aeron's files. Raises DirectoryInUseError, DirectoryError, DirectoryFullError or
        DriverError."""
        pointer = lib.adk_driver_open(stack)
        if pointer == ffi.NULL:
            raise _driver_failure()
        self.pointer = pointer
        self.is_open = True

    @property
    def aeron_directory(self) -> str:
        return os.fsdecode(ffi.string(lib.adk_driver_aeron_dir(self.pointer)))

    @property
    def threading_mode(self) -> str:
        return _text(lib.adk_driver_threading_mode(self.pointer))

    def start(self, is_manual: bool = False) -> None:
        if lib.adk_driver_start(self.pointer, is_manual) < 0:
            raise _driver_failure()

    def is_terminated(self) -> bool:
        return bool(lib.adk_driver_state(self.pointer) == lib.ADK_DRIVER_TERMINATED)

    def close(self) -> None:
        self.is_open = False
        if lib.adk_driver_close(self.pointer) < 0:
            raise _driver_failure()


def stock_driver() -> Driver:
    """Aeron's own driver over kernel sockets, in this process; needs neither an Eal nor a Stack."""
    return Driver(ffi.NULL)


def count_names() -> list[str]:
    """Every count's name, in the order of the rows."""
    return [_text(lib.adk_count_name(index)) for index in range(lib.ADK_COUNT_SIZE)]


def _poller(is_polled: int, is_receiver: int) -> str:
    role = "receiver" if is_receiver else "sender"
    return role if is_polled else "nobody"


def _c_string(text: str | None) -> Any:
    return ffi.NULL if text is None else ffi.new("char[]", os.fsencode(text))


def _driver_failure() -> AeronDpdkError:
    reason, code = _failure()
    directory = os.environ.get("AERON_DIR", "the default directory")
    if code == errno.EBUSY:
        return DirectoryInUseError(directory, reason)
    if code == errno.ENOSPC:
        return DirectoryFullError(directory, reason)
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return DirectoryError(directory, reason, f"uid {os.geteuid()}")
    return DriverError(reason)


PARTS = Parts(eal=Eal, stack=Stack, aeron_version=aeron_version(), dpdk_version=dpdk_version())
