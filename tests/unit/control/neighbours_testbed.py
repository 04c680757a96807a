"""A neighbour table with a data path and a clock that tests control."""

from tests.unit.control.fakes import IDENTITY, MS, OUR_MAC, PEER, START

from aeron_dpdk.control.actions import Action
from aeron_dpdk.control.neighbour import Neighbour
from aeron_dpdk.control.neighbours import LOOKS, Neighbours
from aeron_dpdk.control.routing import Routing
from aeron_dpdk.wire.packet import Address


class NeighboursTestbed:
    """A table, its data path, and a clock that `pass_time` advances. The data path uses the neighbours in
    `used`, and always hears those in `talking`; those in `flooded` are always disputed. The data path polls
    its port all the time, except while it `is_starved`."""

    def __init__(self, routing: Routing = IDENTITY.routing) -> None:
        self.used: set[Address] = set()
        self.talking: set[Address] = set()
        self.heard: set[Address] = set()
        self.flooded: set[Address] = set()
        self.table = Neighbours(routing, OUR_MAC, self)
        self.now_ns = START
        self.is_starved = False
        self._looks = 0

    def neighbour_was_used(self, address: Address) -> bool:
        return address in self.used

    def neighbour_watch(self, address: Address) -> None:
        self.heard.discard(address)

    def neighbour_was_heard(self, address: Address) -> bool:
        return address in self.heard

    def neighbour_is_disputed(self, address: Address) -> bool:
        return address in self.flooded

    def looks(self) -> int:
        return self._looks

    def pass_time(self, duration_ns: int) -> list[Action]:
        until_ns = self.now_ns + duration_ns
        actions: list[Action] = []
        while self.now_ns < until_ns:
            self.now_ns = min(until_ns, self.now_ns + 10 * MS)
            if not self.is_starved:
                self.heard |= self.talking
                self._looks += LOOKS
            if self.now_ns >= self.table.due_ns:
                actions += self.table.advance(self.now_ns)
        return actions

    def of(self, address: Address = PEER) -> Neighbour:
        return next(each for each in self.table if each.address == address)
