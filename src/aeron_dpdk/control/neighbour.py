"""One neighbour: its state, its timers, and what waits for it (RFC 826; RFC 1122 §2.3.2; probing as in RFC
4861 §7.3).

Resolving and probing use the same sequence of requests: MAX_REQUESTS of them, at growing intervals. While a
MAC is known, the first ones go to it only, as in RFC 1122 §2.3.2.1 (2), and the others are broadcast: so a
neighbour that has moved to another MAC is found again while the old entry is still in use. RFC 1122
recommends one request per second and neighbour; a sequence starts faster, so that one lost frame is not
noticed, and is slower at its end.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from aeron_dpdk.control.actions import Action, DropParked, Forget, GiveUp, Install, SendParked, SendRequest
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address

_MS = 1_000_000

REQUEST_GAPS_NS = (250 * _MS, 500 * _MS, 1000 * _MS, 2000 * _MS)
MAX_REQUESTS = len(REQUEST_GAPS_NS)
UNICAST_REQUESTS = 2
SEQUENCE_GAP_NS = 1000 * _MS  # from the last request of one sequence to the first of the next
REACHABLE_NS = 30_000 * _MS  # RFC 4861 §10 REACHABLE_TIME; RFC 1122 asks for "on the order of a minute"
HOLD_DOWN_NS = 2000 * _MS
MAX_PARKED = 3


class NeighbourState(Enum):
    INCOMPLETE = "incomplete"  # no MAC, asking
    REACHABLE = "reachable"  # the MAC answered a request of ours
    PROBE = "probe"  # a MAC is installed, and we are asking whether it is still right
    FAILED = "failed"  # nobody answered; not asked again before the hold-down ends


@dataclass(slots=True)
class Neighbour:
    """Methods take the time and return actions; `due_ns` says when `advance` must be called next."""

    address: Address
    due_ns: int
    state: NeighbourState = NeighbourState.INCOMPLETE
    mac: Mac | None = None
    is_confirmed: bool = False  # the MAC came as an answer, not as a hint
    is_contested: bool = False  # a true answer to this sequence may have been lost
    requests_sent: int = 0
    looks: int = 0  # how many the data path had taken at the port when the last request was sent
    last_request_ns: int = -SEQUENCE_GAP_NS
    confirmed_ns: int | None = None  # when the present MAC was last an answer
    used: bool = True  # needed by the data path since the last confirmation
    parked: deque[bytes] = field(default_factory=deque)

    @property
    def is_installed(self) -> bool:
        return self.mac is not None

    def park(self, frame: bytes) -> tuple[Action, ...]:
        """Keeps the frame; drops the oldest one if there is no room (RFC 1122 §2.3.2.2: keep the latest)."""
        dropped = len(self.parked) >= MAX_PARKED
        if dropped:
            self.parked.popleft()
        self.parked.append(frame)
        self.used = True
        return (DropParked(1),) if dropped else ()

    def doubt(self, now_ns: int) -> None:
        """Starts a new sequence of requests, now or as soon as the last one is long enough ago."""
        self.state = NeighbourState.PROBE if self.is_installed else NeighbourState.INCOMPLETE
        self.requests_sent = 0
        self.is_contested = False
        self.due_ns = max(now_ns, self.last_request_ns + SEQUENCE_GAP_NS)

    def solicit(self, now_ns: int) -> tuple[Action, ...]:
        """doubt(), and the first request if it is due at once."""
        self.doubt(now_ns)
        return self._request(now_ns) if self.due_ns <= now_ns else ()

    def install(self, mac: Mac, is_confirmed: bool) -> tuple[Action, ...]:
        """Installs `mac`, and sends what was waiting for it."""
        self.mac = mac
        self.is_confirmed = is_confirmed
        install = Install(self.address, mac)
        if not self.parked:
            return (install,)
        frames = tuple(addressed(frame, mac) for frame in self.parked)
        self.parked.clear()
        return (install, SendParked(frames))

    def confirm(self, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        self.state = NeighbourState.REACHABLE
        self.due_ns = now_ns + REACHABLE_NS
        self.confirmed_ns = now_ns
        self.used = False
        return self.install(mac, is_confirmed=True)

    def answers(self, mac: Mac) -> bool:
        """Whether to accept a reply from `mac`. Only a confirmed MAC itself can answer a probe that was sent
        to it."""
        match self.state:
            case NeighbourState.INCOMPLETE:
                return self.requests_sent > 0
            case NeighbourState.PROBE:
                was_link_asked = self.requests_sent > UNICAST_REQUESTS and not self.is_contested
                return not self.is_confirmed or mac == self.mac or was_link_asked
            case NeighbourState.REACHABLE | NeighbourState.FAILED:
                return False

    def ask_again_or_fail(self, now_ns: int) -> tuple[Action, ...]:
        """The next step of INCOMPLETE and PROBE when their time is up."""
        if self.requests_sent < MAX_REQUESTS:
            return self._request(now_ns)
        return self.solicit(now_ns) if self.is_contested else self._fail(now_ns)

    def _request(self, now_ns: int) -> tuple[Action, ...]:
        is_unicast = self.requests_sent < UNICAST_REQUESTS
        self.due_ns = now_ns + REQUEST_GAPS_NS[self.requests_sent]
        self.requests_sent += 1
        self.last_request_ns = now_ns
        return (SendRequest(self.address, self.mac if is_unicast else None),)

    def _fail(self, now_ns: int) -> tuple[Action, ...]:
        dropped = (DropParked(len(self.parked)),) if self.parked else ()
        forgotten = (Forget(self.address),) if self.is_installed else ()
        self.parked.clear()
        self.mac = None
        self.confirmed_ns = None
        self.used = False
        self.state = NeighbourState.FAILED
        self.due_ns = now_ns + HOLD_DOWN_NS
        return (*forgotten, *dropped, GiveUp(self.address))


def addressed(frame: bytes, mac: Mac) -> bytes:
    """The Ethernet frame with `mac` as its destination."""
    return mac.octets + frame[6:]
