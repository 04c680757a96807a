"""What a load process is asked to do and what it reports, each as one line of JSON.

Two of them measure one path with native/load: the client sends pings and publishes, the server echoes and
subscribes.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import IPv4Interface
from typing import Any

from aeron_dpdk.tools.measure.histogram import Histogram


class Role(StrEnum):
    CLIENT = "client"
    SERVER = "server"


class PhaseKind(StrEnum):
    ECHO = "echo"
    ONE_WAY = "one-way"


@dataclass(frozen=True, slots=True)
class Phase:
    """One measurement of a job. `rate` is an echo's messages per second; 0 sends the next one when the
    previous one is back. Lengths are bytes of payload.
    """

    kind: PhaseKind
    message_length: int
    rate: int = 0


@dataclass(frozen=True, slots=True)
class DpdkPort:
    """The port that frames go over. `eal_arguments` come after the program name."""

    eal_arguments: tuple[str, ...]
    local_interface: IPv4Interface
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class LoadJob:
    """One process's part. `port` None means the stock driver over kernel sockets.

    Both jobs name the same channels: forward carries what the client sends, backward the echoes.
    """

    role: Role
    cpu: int
    port: DpdkPort | None
    forward_channel: str
    backward_channel: str
    phases: tuple[Phase, ...]
    warmup_ns: int
    duration_ns: int

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> "LoadJob":
        fields = json.loads(text)
        port, phases = fields.pop("port"), fields.pop("phases")
        return cls(
            role=Role(fields.pop("role")),
            port=port and _port(port),
            phases=tuple(
                Phase(PhaseKind(each["kind"]), each["message_length"], each["rate"]) for each in phases
            ),
            **fields,
        )


def _port(fields: dict[str, Any]) -> DpdkPort:
    return DpdkPort(tuple(fields["eal_arguments"]), IPv4Interface(fields["local_interface"]), fields["mtu"])


@dataclass(frozen=True, slots=True)
class Throughput:
    """What one direction carried; bytes are payload. The time is 0 on a side that measured nothing."""

    messages: int
    bytes: int
    elapsed_ns: int

    @property
    def messages_per_second(self) -> float:
        return self.messages * 1e9 / self.elapsed_ns if self.elapsed_ns else 0.0

    @property
    def bytes_per_second(self) -> float:
        return self.bytes * 1e9 / self.elapsed_ns if self.elapsed_ns else 0.0


@dataclass(frozen=True, slots=True)
class PhaseReport:
    """One phase on one side. `round_trips` is None except at an echo's client; `lost` is only for the
    floor, `retransmits` and `naks` only for Aeron.
    """

    round_trips: Histogram | None
    throughput: Throughput
    lost: int
    retransmits: int
    naks: int


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one process measured, phase by phase in the order of its job."""

    aeron_version: str
    dpdk_version: str
    phases: tuple[PhaseReport, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "LoadReport":
        fields = json.loads(text)
        return cls(
            aeron_version=fields["aeron_version"],
            dpdk_version=fields["dpdk_version"],
            phases=tuple(phase_report(each) for each in fields["phases"]),
        )


def phase_report(fields: dict[str, Any]) -> PhaseReport:
    """A PhaseReport, from its asdict()."""
    round_trips = fields["round_trips"]
    return PhaseReport(
        round_trips=round_trips and _histogram(round_trips),
        throughput=Throughput(**fields["throughput"]),
        lost=fields["lost"],
        retransmits=fields["retransmits"],
        naks=fields["naks"],
    )


def _histogram(fields: dict[str, Any]) -> Histogram:
    return Histogram(tuple((value_ns, count) for value_ns, count in fields["buckets"]), fields["max_ns"])
