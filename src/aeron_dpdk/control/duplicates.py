"""Whether somebody else has our IPv6 addresses: duplicate address detection (RFC 4862 §5.4).

One probe for each address, then a second in which nobody must contradict it. The probe is not delayed by up
to one more second (as in §5.4.2, for many hosts that start at once): somebody is waiting for the driver to
start.

Nobody hears a probe while the link is down. A start does not wait for a cable: channels can bind to the
addresses, which become tentative again when the link comes up, until they have been probed for.
"""

from ipaddress import IPv6Address, IPv6Interface

from aeron_dpdk.control.actions import Action, HaveAddress, SendFrame
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.ipv6_routing import UNSPECIFIED_IPV6, Ipv6Identity, solicited_node
from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS
from aeron_dpdk.wire.ethernet import Mac, group_mac
from aeron_dpdk.wire.icmpv6 import icmpv6_frame
from aeron_dpdk.wire.ndp import HOP_LIMIT, NeighbourSolicitation
from aeron_dpdk.wire.packet import Address

RETRANS_NS = NANOSECONDS  # RFC 4861 §10


class Duplicates:
    """`found` has the addresses that others use, with their MACs."""

    def __init__(self, identity: Ipv6Identity) -> None:
        self._identity = identity
        self._tentative: tuple[IPv6Interface, ...] = identity.addresses
        self._is_asked = False
        self._was_settled = False
        self._is_link_up = True
        self._unheard: tuple[IPv6Interface, ...] = ()  # those probed for while the link was down
        self.found: dict[Address, Mac] = {}
        self.due_ns = NEVER_NS

    @property
    def are_settled(self) -> bool:
        return not self._tentative

    def is_tentative(self, address: Address) -> bool:
        return any(each.ip == address for each in self._tentative)

    def link_went_down(self) -> None:
        self._is_link_up = False

    def link_came_up(self, now_ns: int) -> bool:
        """Returns whether advance() probes now: because nobody heard a probe, or because the present one may
        be lost."""
        self._is_link_up = True
        self._tentative, self._unheard = (*self._tentative, *self._unheard), ()
        self.ask(now_ns)
        return bool(self._tentative)

    def ask(self, now_ns: int) -> None:
        """Makes advance() probe, from the beginning if it has begun already."""
        self._is_asked = False
        self.due_ns = now_ns if self._tentative else NEVER_NS

    def advance(self, now_ns: int) -> tuple[Action, ...]:
        if now_ns < self.due_ns:
            return ()
        tentative = self._tentative
        if not self._is_asked:
            self._is_asked = True
            self.due_ns = now_ns + RETRANS_NS
            heard = tuple(HaveAddress(each, is_usable=False) for each in tentative)
            return (*heard, *(self._probe(each.ip) for each in tentative))
        self._tentative = ()
        self._unheard = () if self._is_link_up else tentative
        self._was_settled = True
        self.due_ns = NEVER_NS
        return tuple(HaveAddress(each, is_usable=True) for each in tentative)

    def heard(self, address: IPv6Address, mac: Mac) -> bool:
        """`mac` has it, or wants it at the same time. Returns whether that is to be reported; not during a
        start, which waits for `found`."""
        is_news = self._was_settled and address not in self.found
        self._tentative = tuple(each for each in self._tentative if each.ip != address)
        self.found.setdefault(address, mac)
        if not self._tentative:
            self.due_ns = NEVER_NS
        return is_news

    def _probe(self, address: IPv6Address) -> SendFrame:
        group = solicited_node(address)
        frame = icmpv6_frame(
            NeighbourSolicitation(address).emit(),
            (self._identity.mac, group_mac(group)),
            (UNSPECIFIED_IPV6, group),
            hop_limit=HOP_LIMIT,
        )
        return SendFrame(frame, Count.NDP_SOLICITATIONS_SENT)
