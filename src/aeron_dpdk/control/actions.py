"""The actions that the control plane decides on; `effects` carries them out."""

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Interface

from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address


@dataclass(frozen=True, slots=True)
class SendRequest:
    """Asks who has `address`, by ARP or neighbour solicitation: asks `mac` only, or the whole link if it is
    None."""

    address: Address
    mac: Mac | None


@dataclass(frozen=True, slots=True)
class SendFrame:
    """`what` is counted once the data plane has accepted the frame."""

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
    """Sends the frames that waited for the MAC of an address, and have it now."""

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
    """Makes `own` an address of the port. Channels may bind to it and send from it only when `is_usable`,
    which a duplicate never is."""

    own: IPv6Interface
    is_usable: bool


@dataclass(frozen=True, slots=True)
class UseGateway:
    """Sets the router for IPv6 from now on; None means that there is none."""

    gateway: IPv6Address | None


@dataclass(frozen=True, slots=True)
class ReportConflict:
    """`mac` uses our `address`, and the operator has not been told yet."""

    address: Address
    mac: Mac


@dataclass(frozen=True, slots=True)
class ReportTooBig:
    """A router on the way to `destination` passes only packets of at most `mtu` bytes."""

    destination: IPv6Address
    mtu: int


@dataclass(frozen=True, slots=True)
class ReportLinkMtu:
    """`router` says that the link takes packets of at most `mtu` bytes, and we send longer ones."""

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
