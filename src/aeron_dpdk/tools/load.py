"""What a load process is asked for and what it reports, as one line of JSON each way.

Two of them measure one path with native/load: the client sends pings and publishes, the server echoes and
subscribes.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import IPv4Interface
from typing import Any

from aeron_dpdk.tools.histogram import Histogram


class Role(StrEnum):
    CLIENT = "client"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class DpdkPort:
    """The port the driver runs over. `eal_arguments` come after the program name."""

    eal_arguments: tuple[str, ...]
    local_interface: IPv4Interface


@dataclass(frozen=True, slots=True)
class LoadJob:
    """One process's part. `port` None is the stock driver over kernel sockets.

    Both jobs name the same channels: forward carries what the client sends, backward the echoes.
    """

    role: Role
    cpu: int
    port: DpdkPort | None
    forward_channel: str
    backward_channel: str
    message_length: int
    warmup_ns: int
    duration_ns: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "LoadJob":
        fields = json.loads(text)
        port = fields.pop("port")
        return cls(
            role=Role(fields.pop("role")),
            port=port and DpdkPort(tuple(port["eal_arguments"]), IPv4Interface(port["local_interface"])),
            **fields,
        )


@dataclass(frozen=True, slots=True)
class Throughput:
    """What one direction carried; bytes are payload."""

    messages: int
    bytes: int
    elapsed_ns: int

    @property
    def messages_per_second(self) -> float:
        return self.messages * 1e9 / self.elapsed_ns

    @property
    def bytes_per_second(self) -> float:
        return self.bytes * 1e9 / self.elapsed_ns


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one process measured: the client the round trips, the server what arrived."""

    aeron_version: str
    dpdk_version: str
    round_trips: Histogram | None
    throughput: Throughput | None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "LoadReport":
        fields = json.loads(text)
        round_trips, throughput = fields["round_trips"], fields["throughput"]
        return cls(
            aeron_version=fields["aeron_version"],
            dpdk_version=fields["dpdk_version"],
            round_trips=round_trips and _histogram(round_trips),
            throughput=throughput and Throughput(**throughput),
        )


def _histogram(fields: dict[str, Any]) -> Histogram:
    return Histogram(tuple((value_ns, count) for value_ns, count in fields["buckets"]), fields["max_ns"])
