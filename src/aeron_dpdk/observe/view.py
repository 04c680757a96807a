"""What a driver tells about itself, beyond its CnC file, to those who may ask: facts that cross a Unix socket
as JSON. The driver makes them, the tools read them; both are of the same version.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from aeron_dpdk.seam import Endpoint, Level

Fact = TypeVar("Fact")


@dataclass(frozen=True, slots=True)
class NeighbourView:
    """`confirmed_ms` ago the MAC answered for the address; None where it never did, or is long forgotten."""

    ipv4: str
    mac: str | None
    state: str
    confirmed_ms: int | None
    waiting_frames: int


@dataclass(frozen=True, slots=True)
class PortView:
    """`speed_mbps` is 0 where the device does not know, `is_usable` False during a restart that has not
    succeeded yet, `is_present` False once the device or its interface is gone."""

    id: int
    name: str
    driver: str
    mac: str
    mtu: int
    socket_id: int
    rx_queues: int
    tx_queues: int
    rx_queue_size: int
    tx_queue_size: int
    offloads: tuple[str, ...]
    is_steered: bool
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
class DriverView:
    """All of it. `uptime_ms` counts from the ready line. `endpoints` are the first MAX_ENDPOINTS_SHOWN of
    `endpoint_count`."""

    version: str
    aeron_version: str
    dpdk_version: str
    pid: int
    uid: int
    gid: int
    uptime_ms: int
    threading_mode: str
    address: AddressView
    port: PortView
    rx_queues: tuple[Level, ...]
    rings: tuple[Level, ...]
    mempools: tuple[Level, ...]
    endpoint_count: int
    endpoints: tuple[Endpoint, ...]
    neighbours: tuple[NeighbourView, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "DriverView":
        """Raises ValueError for what no driver of this version has said."""
        try:
            fields = json.loads(text)
            return cls(
                address=AddressView(**fields.pop("address")),
                port=_port(fields.pop("port")),
                rx_queues=_all(Level, fields.pop("rx_queues")),
                rings=_all(Level, fields.pop("rings")),
                mempools=_all(Level, fields.pop("mempools")),
                endpoints=_all(Endpoint, fields.pop("endpoints")),
                neighbours=_all(NeighbourView, fields.pop("neighbours")),
                **fields,
            )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"not the view of a driver: {error}") from error


def _all(fact: type[Fact], entries: list[dict[str, Any]]) -> tuple[Fact, ...]:
    return tuple(fact(**entry) for entry in entries)


def _port(fields: dict[str, Any]) -> PortView:
    return PortView(offloads=tuple(fields.pop("offloads")), **fields)
