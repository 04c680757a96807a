"""What the deciding parts of the control plane want done; `effects` does it."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.wire.ethernet import Mac


@dataclass(frozen=True, slots=True)
class SendRequest:
    """An ARP request for `ipv4`: to `mac` alone, or broadcast when it is None."""

    ipv4: IPv4Address
    mac: Mac | None


@dataclass(frozen=True, slots=True)
class SendFrame:
    """`what` is counted when the frame was taken."""

    frame: bytes
    what: Count


@dataclass(frozen=True, slots=True)
class Install:
    ipv4: IPv4Address
    mac: Mac


@dataclass(frozen=True, slots=True)
class Forget:
    ipv4: IPv4Address


@dataclass(frozen=True, slots=True)
class SendParked:
    """Frames that waited for an address, complete now."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DropParked:
    frames: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody answered for `ipv4`."""

    ipv4: IPv4Address


@dataclass(frozen=True, slots=True)
class ReportConflict:
    """`mac` uses our address, and the operator has not been told yet."""

    mac: Mac


@dataclass(frozen=True, slots=True)
class Tally:
    what: Count


Action = (
    SendRequest | SendFrame | Install | Forget | SendParked | DropParked | GiveUp | ReportConflict | Tally
)
