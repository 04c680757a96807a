"""What a driver says about itself in addition to its CnC file: facts sent as JSON over a Unix socket to those
who may connect to it. The driver writes them and the tools read them; both have the same version.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from aeron_dpdk.seam import Endpoint, Level

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """The MAC answered for the address `confirmed_ms` ago; None if it never did, or too long ago."""

    address: str
    mac: str | None
    state: str
    confirmed_ms: int | None
    waiting_frames: int


@dataclass(frozen=True, slots=True)
class PortView:
    """`vlan` is a number, or number:priority. `speed_mbps` is 0 if the device does not know it. `is_usable`
    is False during a restart that has not succeeded yet; `is_present` is False once the device or its
    interface is gone."""

    id: int
    name: str
    driver: str
    mac: str
    mtu: int
    vlan: str | None
    socket_id: int
    rx_queues: int
    tx_queues: int
    rx_queue_size: int
    tx_queue_size: int
    offloads: tuple[str, ...]
    is_steered: bool
    has_rx_timestamps: bool
    is_hashed: bool
    is_up: bool
    is_full_duplex: bool
    speed_mbps: int
    is_usable: bool
    is_present: bool


@dataclass(frozen=True, slots=True)
class AddressView:
    local: str
    prefix_length: int | None
    gateway: str | None


@dataclass(frozen=True, slots=True)
class Ipv6View:
    """`addresses` with their prefixes; `gateway` is None while no router is known."""

    addresses: tuple[str, ...]
    gateway: str | None


@dataclass(frozen=True, slots=True)
class InterfaceView:
    """`name` is its name for `interface=` and capture. `ipv6` is None if it has no IPv6. `endpoints` are the
    first MAX_ENDPOINTS_SHOWN of `endpoint_count`."""

    name: str
    address: AddressView
    ipv6: Ipv6View | None
    port: PortView
    rx_queues: tuple[Level, ...]
    rings: tuple[Level, ...]
    mempools: tuple[Level, ...]
    endpoint_count: int
    endpoints: tuple[Endpoint, ...]
    neighbours: tuple[NeighbourView, ...]


@dataclass(frozen=True, slots=True)
class DriverView:
    """All of this. `uptime_ms` counts from the ready line. `interfaces` are in the order of their numbers."""

    version: str
    aeron_version: str
    dpdk_version: str
    pid: int
    uid: int
    gid: int
    uptime_ms: int
    threading_mode: str
    interfaces: tuple[InterfaceView, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "DriverView":
        """Raises ValueError if it is not from a driver of this version."""
        try:
            fields = json.loads(text)
            return cls(interfaces=tuple(map(_interface, fields.pop("interfaces"))), **fields)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not the view of a driver: {error}") from error


def _interface(fields: dict[str, Any]) -> InterfaceView:
    return InterfaceView(
        address=AddressView(**fields.pop("address")),
        ipv6=_ipv6(fields.pop("ipv6")),
        port=_port(fields.pop("port")),
        rx_queues=_all(Level, fields.pop("rx_queues")),
        rings=_all(Level, fields.pop("rings")),
        mempools=_all(Level, fields.pop("mempools")),
        endpoints=_all(Endpoint, fields.pop("endpoints")),
        neighbours=_all(NeighbourView, fields.pop("neighbours")),
        **fields,
    )


def _all(fact: type[Fact], entries: list[dict[str, Any]]) -> tuple[Fact, ...]:
    return tuple(fact(**entry) for entry in entries)


def _ipv6(fields: dict[str, Any] | None) -> Ipv6View | None:
    return None if fields is None else Ipv6View(tuple(fields.pop("addresses")), **fields)


def _port(fields: dict[str, Any]) -> PortView:
    return PortView(offloads=tuple(fields.pop("offloads")), **fields)
