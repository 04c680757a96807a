"""IGMP: how group memberships are reported for IPv4."""

from ipaddress import IPv4Address
from random import Random

from aeron_dpdk.control.actions import Action, Tally
from aeron_dpdk.control.data_plane import Count
from aeron_dpdk.control.memberships import MembershipHost, Memberships, Message, Report, Short
from aeron_dpdk.control.routing import Identity
from aeron_dpdk.wire.ethernet import EthernetFrame, EtherType, group_mac
from aeron_dpdk.wire.igmp import emit_report, emit_short, parse_igmp
from aeron_dpdk.wire.ipv4 import PROTOCOL_IGMP, Ipv4Packet
from aeron_dpdk.wire.membership import Query, ShortMessage, ShortReport

ALL_HOSTS = IPv4Address("224.0.0.1")
ALL_ROUTERS = IPv4Address("224.0.0.2")
ALL_V3_ROUTERS = IPv4Address("224.0.0.22")

TTL = 1  # RFC 3376 §4; a packet with another one has crossed a router, and is forged
INTERNETWORK_CONTROL = 0xC0
ROUTER_ALERT = b"\x94\x04\x00\x00"  # RFC 2113

_IGNORED = (Tally(Count.IGMP_IGNORED),)


class IgmpHost(MembershipHost):
    def __init__(self, identity: Identity) -> None:
        # the group of all hosts is never reported (RFC 3376 §5)
        memberships = Memberships(Random().randrange, lambda group: group != ALL_HOSTS)
        super().__init__(memberships, Count.IGMP_REPORTS_SENT)
        self._identity = identity

    def receive(self, frame: EthernetFrame, now_ns: int) -> tuple[Action, ...]:
        """Takes a query, or another host's report. Raises Malformed."""
        packet = Ipv4Packet.parse(frame.payload)
        if packet.is_fragment or packet.ttl != TTL:
            return _IGNORED
        match parse_igmp(packet.payload):
            case Query() as query if packet.destination in (ALL_HOSTS, query.group, self._identity.ipv4):
                self._memberships.asked(query, now_ns)
                return (Tally(Count.IGMP_QUERIES),)
            case ShortReport(group) if packet.destination == group and group in self._memberships:
                self._memberships.heard_report(group, now_ns)
                return ()
            case _:
                return _IGNORED

    def _frame(self, message: Message) -> bytes:
        match message:
            case Report(records):
                destination, payload = ALL_V3_ROUTERS, emit_report(records)
            case Short(kind, group):
                assert isinstance(group, IPv4Address)
                destination = ALL_ROUTERS if kind is ShortMessage.LEAVE else group
                payload = emit_short(kind, group)
        packet = Ipv4Packet(
            source=self._identity.ipv4,
            destination=destination,
            protocol=PROTOCOL_IGMP,
            payload=payload,
            type_of_service=INTERNETWORK_CONTROL,
            dont_fragment=True,  # an atomic datagram, whose identification means nothing (RFC 6864 §4.1)
            ttl=TTL,
            options=ROUTER_ALERT,
        )
        mac = group_mac(destination)
        return EthernetFrame(mac, self._identity.mac, EtherType.IPV4, packet.emit()).emit()
