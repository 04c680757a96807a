"""The neighbour table: events in, actions out, no effects and no clock of its own.

What may change a MAC, and why. Neither ARP nor neighbour discovery can tell a lie from the truth, so the
table only decides which packets to believe:
- An answer to one of our requests is believed.
- A hint (the source MAC of a data frame, or of a request for our address) is used for an address that we need
  and cannot resolve yet: it is installed at once, and probed. It never replaces a MAC.
- Any other packet that names a new MAC (a gratuitous ARP, an unsolicited advertisement) makes us probe the
  old MAC first, and ask the link only if the old one is silent. So forged packets cannot displace a live
  neighbour. The price: an honest fail-over is followed only after REQUEST_GAPS_NS[0] + [1], three quarters
  of a second.
- A neighbour is silent only if the data path has not heard it either; a flood cannot suppress what the data
  path notes. True answers may have been lost: because too many packets contradict the table, because frames
  were lost, or because they lie in the port and a starved data path does not poll. As long as that may be, a
  confirmed MAC stays: a flood can delay an honest fail-over until it ends, but cannot redirect anything.
- Addresses that we do not need get no entry. (RFC 826 would add the sender of a request for our address;
  resolving it when it is needed costs one round trip, and leaves other hosts no way to fill the table.)
"""

from collections.abc import Iterator
from itertools import islice

from aeron_dpdk.control.actions import Action, DropParked, Forget, SendParked, SendRequest
from aeron_dpdk.control.data_plane import Witness
from aeron_dpdk.control.neighbour import SEQUENCE_GAP_NS, Neighbour, NeighbourState, addressed
from aeron_dpdk.control.rate import NEVER_NS
from aeron_dpdk.control.routing import Reach
from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.packet import Address

MAX_NEIGHBOURS = 1024  # ADK_NEIGHBOURS of native/stack/limits.h
EVICTION_SCAN = 16
LOOKS = 2  # the first look may have begun before the awaited frame came
ADVANCES_PER_CALL = 64  # after a link flap all neighbours are due at once; the others wait for the next tick


class Neighbours:
    def __init__(self, reach: Reach, own_mac: Mac, witness: Witness) -> None:
        self._reach = reach
        self._own_mac = own_mac
        self._witness = witness
        self._table: dict[Address, Neighbour] = {}
        self._next_due_ns = NEVER_NS

    def __contains__(self, address: Address) -> bool:
        return address in self._table

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Neighbour]:
        return iter(self._table.values())

    def stands(self, address: Address, mac: Mac) -> bool:
        """Whether frames for `address` go to `mac`."""
        neighbour = self._table.get(address)
        return neighbour is not None and neighbour.mac == mac

    def is_known_otherwise(self, address: Address, mac: Mac) -> bool:
        """Whether another MAC than `mac` has answered for `address`, and is in use."""
        neighbour = self._table.get(address)
        return neighbour is not None and neighbour.is_confirmed and neighbour.mac not in (None, mac)

    def send(self, next_hop: Address, frame: bytes, now_ns: int) -> tuple[Action, ...]:
        """Sends a frame that lacks only the MAC of `next_hop`, parks it until that is known, or drops it."""
        neighbour = self._table.get(next_hop)
        if neighbour is None:
            evicted, neighbour = self._admit(next_hop, now_ns)
            if neighbour is None:
                return (DropParked(1),)
            return (*evicted, *neighbour.park(frame), *self._scheduled(neighbour, neighbour.solicit(now_ns)))
        if neighbour.mac is not None:
            return (SendParked((addressed(frame, neighbour.mac),)),)
        if neighbour.state is NeighbourState.FAILED:
            return (DropParked(1),)
        return neighbour.park(frame)

    def ask(self, address: Address, now_ns: int) -> tuple[Action, ...]:
        """Finds out whether `address` is there, without having a frame for it."""
        evicted: tuple[Action, ...] = ()
        neighbour = self._table.get(address)
        if neighbour is None:
            evicted, neighbour = self._admit(address, now_ns)
        elif neighbour.state in (NeighbourState.INCOMPLETE, NeighbourState.PROBE):
            return ()
        if neighbour is None:
            return ()
        return (*evicted, *self._scheduled(neighbour, neighbour.solicit(now_ns)))

    def hint(self, address: Address, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """The data path needs `address`, and has just received a frame of it from `mac`."""
        if not self._may_be_neighbours(mac):
            return ()
        evicted: tuple[Action, ...] = ()
        neighbour = self._table.get(address)
        if neighbour is None:
            evicted, neighbour = self._admit(address, now_ns)
        if neighbour is None or neighbour.is_installed:
            return ()
        return (
            *evicted,
            *neighbour.install(mac, is_confirmed=False),
            *self._scheduled(neighbour, neighbour.solicit(now_ns)),
        )

    def replied(self, address: Address, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """A reply to one of our requests came."""
        neighbour = self._table.get(address)
        if neighbour is None or not self._may_be_neighbours(mac):
            return ()
        if mac != neighbour.mac and self._is_known_to_live(neighbour):
            return self._keep(neighbour, now_ns)
        if neighbour.answers(mac):
            return self._scheduled(neighbour, neighbour.confirm(mac, now_ns))
        return self.heard(address, mac, now_ns)

    def asked(self, address: Address, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """A request for our address came, perhaps from an address that we are waiting for."""
        neighbour = self._table.get(address)
        if neighbour is not None and not neighbour.is_installed:
            return self.hint(address, mac, now_ns)
        return self.heard(address, mac, now_ns)

    def heard(self, address: Address, mac: Mac, now_ns: int) -> tuple[Action, ...]:
        """Any other packet that says where `address` is: a reason to ask, but never to believe it."""
        neighbour = self._table.get(address)
        if neighbour is None or not self._may_be_neighbours(mac):
            return ()
        changed = neighbour.state is NeighbourState.REACHABLE and mac != neighbour.mac
        if changed or neighbour.state is NeighbourState.FAILED:
            return self._scheduled(neighbour, neighbour.solicit(now_ns))
        return ()

    def link_came_up(self, now_ns: int) -> tuple[Action, ...]:
        """Another network may be behind the link now: doubts every MAC, and asks again for neighbours that
        did not answer."""
        for address in [each.address for each in self if each.state is NeighbourState.FAILED]:
            del self._table[address]
        for neighbour in self:
            neighbour.doubt(now_ns)
        return self.advance(now_ns)

    @property
    def due_ns(self) -> int:
        """When advance() may have something to do."""
        return self._next_due_ns

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        """Does what has become due, for at most ADVANCES_PER_CALL neighbours."""
        due = [each for each in self if each.due_ns <= now_ns][:ADVANCES_PER_CALL]
        actions = [action for neighbour in due for action in self._advance_one(neighbour, now_ns)]
        self._next_due_ns = min((each.due_ns for each in self), default=NEVER_NS)
        return tuple(actions)

    def _advance_one(self, neighbour: Neighbour, now_ns: int) -> tuple[Action, ...]:
        match neighbour.state:
            case NeighbourState.INCOMPLETE | NeighbourState.PROBE:
                if neighbour.is_installed and self._witness.looks() < neighbour.looks + LOOKS:
                    neighbour.is_contested = True
                if self._is_known_to_live(neighbour):
                    return self._keep(neighbour, now_ns)
                return self._scheduled(neighbour, neighbour.ask_again_or_fail(now_ns))
            case NeighbourState.REACHABLE:
                if self._is_used(neighbour):
                    return self._scheduled(neighbour, neighbour.solicit(now_ns))
                del self._table[neighbour.address]
                return (Forget(neighbour.address),)
            case NeighbourState.FAILED:
                del self._table[neighbour.address]
                return ()

    def _scheduled(self, neighbour: Neighbour, actions: tuple[Action, ...]) -> tuple[Action, ...]:
        """After a request or an answer: only what the data path hears from now on counts."""
        self._next_due_ns = min(self._next_due_ns, neighbour.due_ns)
        is_answered = neighbour.state is NeighbourState.REACHABLE
        if neighbour.is_installed and (is_answered or any(isinstance(each, SendRequest) for each in actions)):
            neighbour.looks = self._witness.looks()
            self._witness.neighbour_watch(neighbour.address)
        return actions

    def _is_known_to_live(self, neighbour: Neighbour) -> bool:
        """Whether its confirmed MAC has been heard since it is in doubt. Frames that were on the way when a
        neighbour left its MAC arrive within the gap after the first request, so what is heard then proves
        nothing."""
        if (
            neighbour.state is not NeighbourState.PROBE
            or not neighbour.is_confirmed
            or neighbour.requests_sent == 0
        ):
            return False
        if self._witness.neighbour_is_disputed(neighbour.address):
            neighbour.is_contested = True
        return neighbour.requests_sent > 1 and self._witness.neighbour_was_heard(neighbour.address)

    def _keep(self, neighbour: Neighbour, now_ns: int) -> tuple[Action, ...]:
        assert neighbour.mac is not None
        return self._scheduled(neighbour, neighbour.confirm(neighbour.mac, now_ns))

    def _admit(self, address: Address, now_ns: int) -> tuple[tuple[Action, ...], Neighbour | None]:
        """A new entry, and the actions that make room for it; None if there is no room, or if no neighbour
        can have the address."""
        if not self._reach.is_neighbour(address):
            return (), None
        evicted: tuple[Action, ...] = ()
        if len(self._table) >= MAX_NEIGHBOURS:
            victim = self._least_recently_used(now_ns)
            if victim is None:
                return (), None
            del self._table[victim.address]
            evicted = (Forget(victim.address),) if victim.is_installed else ()
        self._table[address] = neighbour = Neighbour(address, due_ns=now_ns)
        return evicted, neighbour

    def _least_recently_used(self, now_ns: int) -> Neighbour | None:
        """The table is in the order of the last known use; checking its front moves entries that were used to
        its back."""
        for neighbour in list(islice(self, EVICTION_SCAN)):
            asked_lately = now_ns < neighbour.last_request_ns + SEQUENCE_GAP_NS
            if not asked_lately and not self._is_used(neighbour):
                return neighbour
            self._table[neighbour.address] = self._table.pop(neighbour.address)
        return None

    def _is_used(self, neighbour: Neighbour) -> bool:
        neighbour.used = neighbour.used or self._witness.neighbour_was_used(neighbour.address)
        return neighbour.used

    def _may_be_neighbours(self, mac: Mac) -> bool:
        return mac.is_unicast and mac != self._own_mac
