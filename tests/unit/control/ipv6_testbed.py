"""An IPv6 host over lists, and frames for it that scapy makes."""

from ipaddress import IPv6Address, IPv6Interface

from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from tests.unit.control.fakes import (
    GATEWAY_MAC,
    OTHER_MAC,
    OUR_MAC,
    PEER_MAC,
    SECOND,
    START,
    FakeDataPlane,
    unaddressed,
)

from aeron_dpdk.control.actions import Action, SendFrame
from aeron_dpdk.control.ipv6 import Ipv6Host
from aeron_dpdk.control.ipv6_routing import Ipv6Identity
from aeron_dpdk.wire.ethernet import EthernetFrame, Mac, group_mac

OURS6 = IPv6Address("fd00::1")
LINK_LOCAL = IPv6Address("fe80::ff:fe00:1")  # derived from OUR_MAC
PEER6 = IPv6Address("fd00::2")
PEER_LINK_LOCAL = IPv6Address("fe80::2")
OTHER_HOST6 = IPv6Address("fd00::3")
ROUTER = IPv6Address("fe80::fe")
OTHER_ROUTER = IPv6Address("fe80::ee")
FAR6 = IPv6Address("2001:db8::7")
NOBODY6 = IPv6Address("::")
ALL_NODES = IPv6Address("ff02::1")
OUR_GROUP = IPv6Address("ff02::1:ff00:1")  # the last 24 bits of both addresses are the same
MTU = 1500


def identity(gateway: IPv6Address | None = None) -> Ipv6Identity:
    return Ipv6Identity(OUR_MAC, MTU, [IPv6Interface("fd00::1/64")], gateway)


class Ipv6Testbed:
    def __init__(self, gateway: IPv6Address | None = None) -> None:
        self.now_ns = START
        self.data_plane = FakeDataPlane()
        self.host = Ipv6Host(identity(gateway), self.data_plane, START)

    def receive(self, frame: EthernetFrame) -> tuple[Action, ...]:
        return self.host.receive(frame, self.now_ns)

    def pass_time(self, duration_ns: int, step_ns: int = SECOND // 10) -> list[Action]:
        until_ns = self.now_ns + duration_ns
        actions: list[Action] = []
        while True:
            if self.now_ns >= self.host.due_ns:
                actions += self.host.advance(self.now_ns)
            if self.now_ns >= until_ns:
                return actions
            self.now_ns = min(until_ns, self.now_ns + step_ns)

    def resolve(self, address: IPv6Address, mac: Mac) -> None:
        self.host.neighbours.send(address, unaddressed(b""), self.now_ns)
        self.host.neighbours.replied(address, mac, self.now_ns)


def settled(gateway: IPv6Address | None = None) -> Ipv6Testbed:
    """A host that has probed and announced its addresses; no router has answered."""
    testbed = Ipv6Testbed(gateway)
    testbed.pass_time(20 * SECOND)
    return testbed


def frame_of(
    body: Packet,
    source: IPv6Address,
    destination: IPv6Address,
    mac: Mac = PEER_MAC,
    to: Mac | None = None,
    hop_limit: int = 255,
) -> EthernetFrame:
    if to is None:
        to = group_mac(destination) if destination.is_multicast else OUR_MAC
    packet = IPv6(src=str(source), dst=str(destination), hlim=hop_limit)
    return EthernetFrame.parse(bytes(Ether(src=str(mac), dst=str(to)) / packet / body))


def solicitation(
    target: IPv6Address,
    source: IPv6Address = PEER6,
    mac: Mac = PEER_MAC,
    destination: IPv6Address = OUR_GROUP,
    *,
    names_mac: bool = True,
    **fields: object,
) -> EthernetFrame:
    body: Packet = ICMPv6ND_NS(tgt=str(target))
    if names_mac:
        body /= ICMPv6NDOptSrcLLAddr(lladdr=str(mac))
    return frame_of(body, source, destination, mac, **fields)  # type: ignore[arg-type]


def advertisement(
    target: IPv6Address,
    mac: Mac = PEER_MAC,
    destination: IPv6Address = OURS6,
    *,
    solicited: bool = True,
    override: bool = True,
    names_mac: bool = True,
    **fields: object,
) -> EthernetFrame:
    body: Packet = ICMPv6ND_NA(tgt=str(target), R=0, S=int(solicited), O=int(override))
    if names_mac:
        body /= ICMPv6NDOptDstLLAddr(lladdr=str(mac))
    return frame_of(body, target, destination, mac, **fields)  # type: ignore[arg-type]


def unsolicited(target: IPv6Address, mac: Mac = OTHER_MAC) -> EthernetFrame:
    return advertisement(target, mac, ALL_NODES, solicited=False)


def router_advertisement(
    router: IPv6Address = ROUTER,
    mac: Mac = GATEWAY_MAC,
    lifetime_s: int = 1800,
    mtu: int | None = None,
    destination: IPv6Address = ALL_NODES,
    **fields: object,
) -> EthernetFrame:
    body: Packet = ICMPv6ND_RA(routerlifetime=lifetime_s) / ICMPv6NDOptSrcLLAddr(lladdr=str(mac))
    if mtu is not None:
        body /= ICMPv6NDOptMTU(mtu=mtu)
    return frame_of(body, router, destination, mac, **fields)  # type: ignore[arg-type]


def sent(actions: list[Action] | tuple[Action, ...], layer: type[Packet]) -> list[Ether]:
    """The frames to be sent that have this layer, as scapy reads them."""
    frames = [Ether(each.frame) for each in actions if isinstance(each, SendFrame)]
    return [frame for frame in frames if layer in frame]
