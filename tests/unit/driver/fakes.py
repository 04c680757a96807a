"""A port and a driver that remember what was done to them, and fail where they are told to."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Interface
from pathlib import Path

from tests.unit.control.fakes import FakeDataPlane

from aeron_dpdk.control.data_plane import Event
from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.errors import DriverError, EalError, PortError
from aeron_dpdk.seam import DriverPart, EalPart, Endpoint, Level, Parts, PortInfo, StackPart, StackSettings
from aeron_dpdk.wire.ethernet import Mac

PORT = PortInfo(
    name="net_null0",
    driver="net_null",
    mac=Mac.from_text("02:00:00:00:00:01"),
    mtu=1500,
    rx_queues=1,
    tx_queues=3,
    rx_queue_size=1024,
    tx_queue_size=1024,
    socket_id=0,
    rx_checksum_offload=False,
    tx_ipv4_checksum_offload=False,
    tx_udp_checksum_offload=False,
    steered=False,
    rx_timestamps=False,
    hashed=False,
    datagram_max=1472,
)


def settings_in(directory: Path, **changes: object) -> Settings:
    """Settings of a driver that needs nothing but a directory."""
    environment = {"AERON_DIR": str(directory / "aeron"), "AERON_THREADING_MODE": "SHARED"}
    values = {
        "interfaces": (InterfaceSettings(LocalAddress(IPv4Address("10.0.0.5"), 24)),),
        "eal_arguments": ("--no-huge",),
        "environment": environment,
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]


@dataclass
class FakeParts:
    """`log` has what was opened and closed, in order; `fails_at` names the step that raises. The link
    delivers the events `probed` whenever an address becomes tentative."""

    fails_at: str | None = None
    log: list[str] = field(default_factory=list)
    eal_arguments: tuple[str, ...] = ()
    stack_settings: StackSettings | None = None
    chain: list[tuple[StackSettings, StackPart | None]] = field(default_factory=list)
    stacks: list[StackPart] = field(default_factory=list)
    uid_when_driver_opened: int | None = None
    environment_when_driver_opened: dict[str, str] = field(default_factory=dict)
    terminated: bool = False
    hears_multicast: bool = True
    probed: tuple[Event, ...] = ()
    ipv6_addresses: list[IPv6Interface] = field(default_factory=list)

    def parts(self) -> Parts:
        return Parts(
            eal=self.open_eal, stack=self.open_stack, aeron_version="1.53.0", dpdk_version="DPDK 22.11"
        )

    def step(self, name: str, error: Exception) -> None:
        self.log.append(name)
        if self.fails_at == name:
            raise error

    def open_eal(self, arguments: Sequence[str]) -> EalPart:
        self.eal_arguments = tuple(arguments)
        self.step("eal", EalError("told to fail", self.eal_arguments))
        return _Eal(self, "eal")

    def open_stack(self, settings: StackSettings, first: StackPart | None = None) -> StackPart:
        self.stack_settings = settings
        self.chain.append((settings, first))
        self.step("stack", PortError("told to fail", 0))
        self.stacks.append(_Stack(self))
        return self.stacks[-1]


@dataclass
class _Closing:
    all: FakeParts
    name: str

    def close(self) -> None:
        self.all.log.append(f"close {self.name}")


class _Eal(_Closing):
    def keep_pages(self) -> None:
        self.all.log.append("pages kept")

    def give_up_capabilities(self, thread_id: int) -> None:
        self.all.log.append("capabilities given up")


class _Stack(FakeDataPlane):
    def __init__(self, parts: FakeParts) -> None:
        super().__init__()
        self.all = parts

    def port_info(self) -> PortInfo:
        self.all.step("port", PortError("told to fail", 0))
        return PORT

    def have_address(self, own: IPv6Interface, is_usable: bool) -> None:
        if not self.all.hears_multicast:
            raise PortError("the device hears no multicast", 0)
        super().have_address(own, is_usable)
        if is_usable:
            self.all.ipv6_addresses.append(own)
        else:
            self.events.extend(self.all.probed)

    def removal_requested(self) -> bool:
        return False

    def open_driver(self) -> DriverPart:
        self.all.uid_when_driver_opened = os.geteuid()
        self.all.environment_when_driver_opened = dict(os.environ)
        self.all.step("driver", DriverError("told to fail"))
        return _Driver(self.all)

    def rx_queues(self) -> tuple[Level, ...]:
        return (Level("rx0", 3, 1024),)

    def rings(self) -> tuple[Level, ...]:
        return (Level("adk_snd_rcv", 0, 2048),)

    def mempools(self) -> tuple[Level, ...]:
        return (Level("adk_rx_0", 1024, 16383),)

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (Endpoint(20000, "receiver"),)

    def endpoint_count(self) -> int:
        return 1

    def capture_open(self, program: bytes, snap_length: int) -> int:
        self.all.log.append(f"capture {len(program)} {snap_length}")
        return 0

    def capture_close(self) -> None:
        self.all.log.append("capture closed")

    def capture_step(self) -> bool:
        self.all.log.append("capture step")
        return self.all.log.count("capture step") < 3

    def close(self) -> None:
        self.all.log.append("close stack")


class _Driver:
    aeron_directory = "/dev/shm/aeron-of-a-fake"
    threading_mode = "SHARED"

    def __init__(self, parts: FakeParts) -> None:
        self.all = parts

    def start(self, is_manual: bool = False) -> None:
        self.all.step("start", DriverError("told to fail"))

    def is_terminated(self) -> bool:
        return self.all.terminated

    def close(self) -> None:
        self.all.log.append("close driver")
