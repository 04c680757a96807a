"""What the deciding parts of the control plane want done; `effects` does it."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Interface

from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Asks who has `address`, by ARP or neighbour solicitation: `mac` alone, or the link when it is None."""

    address: Address
    mac: Mac | None


@dataclass(frozen=True, slots=True)
class SendFrame:
    """`what` is counted when the frame was taken."""

    frame: bytes
    what: Count


@dataclass(frozen=True, slots=True)
class Install:
    address: Address
    mac: Mac


@dataclass(frozen=True, slots=True)
class Forget:
    address: Address


@dataclass(frozen=True, slots=True)
class SendParked:
    """Frames that waited for an address, complete now."""

    frames: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class DropParked:
    frames: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody answered for `address`."""

    address: Address


@dataclass(frozen=True, slots=True)
class HaveAddress:
    """`own` is ours; to send from and to bind to only when `is_usable`, which no duplicate is."""

    own: IPv6Interface
    is_usable: bool


@dataclass(frozen=True, slots=True)
class UseGateway:
    """For IPv6, from now on; None has no router."""

    gateway: IPv6Address | None


@dataclass(frozen=True, slots=True)
class ReportConflict:
    """`mac` uses our `address`, and the operator has not been told yet."""

    address: Address
    mac: Mac


@dataclass(frozen=True, slots=True)
class ReportTooBig:
    """A router on the way to `destination` lets packets of at most `mtu` bytes through."""

    destination: IPv6Address
    mtu: int


@dataclass(frozen=True, slots=True)
class ReportLinkMtu:
    """`router` says that the link takes packets of at most `mtu` bytes, which is less than we send."""

    router: IPv6Address
    mtu: int


@dataclass(frozen=True, slots=True)
class Tally:
    what: Count


Action = (
    SendRequest
    | SendFrame
    | Install
    | Forget
    | SendParked
    | DropParked
    | GiveUp
    | HaveAddress
    | UseGateway
    | ReportConflict
    | ReportTooBig
    | ReportLinkMtu
    | Tally
)
