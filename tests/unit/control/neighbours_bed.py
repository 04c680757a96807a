"""A neighbour table in a world made by hand."""

from ipaddress import IPv4Address

from tests.unit.control.fakes import IDENTITY, MS, OUR_MAC, PEER, START

from aeron_dpdk.control.actions import Action
from aeron_dpdk.control.neighbour import Neighbour
from aeron_dpdk.control.neighbours import Neighbours
from aeron_dpdk.control.routing import Route


class NeighboursBed:
    """A table, a data path that uses what `used` holds and always hears from whom `talking` holds, and a time
    that `pass_time` moves. Whom `flooded` holds is disputed whenever one looks."""

    def __init__(self, route: Route = IDENTITY.route) -> None:
        self.used: set[IPv4Address] = set()
        self.talking: set[IPv4Address] = set()
        self.heard: set[IPv4Address] = set()
        self.flooded: set[IPv4Address] = set()
        self.table = Neighbours(route, OUR_MAC, self)
        self.now_ns = START

    def neighbour_was_used(self, ipv4: IPv4Address) -> bool:
        return ipv4 in self.used

    def neighbour_watch(self, ipv4: IPv4Address) -> None:
        self.heard.discard(ipv4)

    def neighbour_was_heard(self, ipv4: IPv4Address) -> bool:
        return ipv4 in self.heard

    def neighbour_is_disputed(self, ipv4: IPv4Address) -> bool:
        return ipv4 in self.flooded

    def pass_time(self, duration_ns: int) -> list[Action]:
        until_ns = self.now_ns + duration_ns
        actions: list[Action] = []
        while self.now_ns < until_ns:
            self.now_ns = min(until_ns, self.now_ns + 10 * MS)
            self.heard |= self.talking
            if self.now_ns >= self.table.due_ns:
                actions += self.table.advance(self.now_ns)
        return actions

    def of(self, ipv4: IPv4Address = PEER) -> Neighbour:
        return next(each for each in self.table if each.ipv4 == ipv4)
