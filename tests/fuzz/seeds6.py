"""One frame of IPv6 for each fate that it can have, made by scapy; see seeds.py."""

from scapy.layers.inet import TCP
from scapy.layers.inet6 import (
    HBHOptUnknown,
    ICMPv6EchoRequest,
    ICMPv6MLQuery2,
    ICMPv6MLReport2,
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
    RouterAlert,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from .seeds import CONTROL, DELIVERED, LOCAL_MAC, PEER_MAC, Seed, payload, udp

LOCAL_IPV6, PEER_IPV6 = "2001:db8::5", "2001:db8::9"
GROUP, GROUP_MAC = "ff15::21", "33:33:00:00:00:21"
SOLICITED, SOLICITED_MAC = "ff02::1:ff00:5", "33:33:ff:00:00:05"
ALL_NODES, ALL_NODES_MAC = "ff02::1", "33:33:00:00:00:01"


def _ipv6(mac: str = LOCAL_MAC, **fields: object) -> Packet:
    return Ether(dst=mac, src=PEER_MAC) / IPv6(**({"src": PEER_IPV6, "dst": LOCAL_IPV6} | fields))


def _good(mac: str = LOCAL_MAC, **fields: object) -> Packet:
    return _ipv6(mac, **fields) / udp() / payload(64)


def _delivered() -> list[tuple[str, Packet]]:
    return [
        ("data", _good()),
        ("empty", _ipv6() / udp()),
        ("odd", _ipv6() / udp() / payload(33)),
        ("traffic-class", _good(tc=0xB8, fl=0x12345, hlim=1)),
        ("hop-by-hop", _ipv6() / IPv6ExtHdrHopByHop(options=[RouterAlert()]) / udp() / payload(32)),
        ("destination-options", _ipv6() / IPv6ExtHdrDestOpt() / udp() / payload(32)),
        ("route-at-its-end", _ipv6() / IPv6ExtHdrRouting(segleft=0) / udp() / payload(32)),
        ("atomic-fragment", _ipv6() / IPv6ExtHdrFragment(id=7) / udp() / payload(32)),
    ]


def _control() -> list[tuple[str, Packet]]:
    solicitation = ICMPv6ND_NS(tgt=LOCAL_IPV6)
    return [
        ("echo", _ipv6() / ICMPv6EchoRequest(data=b"ping")),
        (
            "solicitation",
            _ipv6(SOLICITED_MAC, dst=SOLICITED, hlim=255)
            / solicitation
            / ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC),
        ),
        ("duplicate-detection", _ipv6(SOLICITED_MAC, src="::", dst=SOLICITED, hlim=255) / solicitation),
        (
            "advertisement",
            _ipv6(hlim=255) / ICMPv6ND_NA(tgt=PEER_IPV6) / ICMPv6NDOptDstLLAddr(lladdr=PEER_MAC),
        ),
        (
            "router-advertisement",
            _ipv6(ALL_NODES_MAC, src="fe80::1", dst=ALL_NODES, hlim=255)
            / ICMPv6ND_RA()
            / ICMPv6NDOptPrefixInfo(prefix="2001:db8::")
            / ICMPv6NDOptSrcLLAddr(lladdr="02:00:00:00:00:01"),
        ),
        (
            "listener-query",
            _ipv6(ALL_NODES_MAC, src="fe80::1", dst=ALL_NODES, hlim=1)
            / IPv6ExtHdrHopByHop(options=[RouterAlert()])
            / ICMPv6MLQuery2(),
        ),
    ]


def _dropped() -> list[tuple[str, Packet, str]]:
    unknown = IPv6ExtHdrDestOpt(options=[HBHOptUnknown(otype=0xC2, optdata=bytes(4))])
    return [
        ("other-mac", _good("02:00:00:00:00:06"), "rx-not-our-mac"),
        ("version", _good(version=5), "rx-ipv6-header"),
        ("long-payload", _good(plen=1000), "rx-truncated"),
        ("option", _ipv6() / unknown / udp() / payload(32), "rx-ipv6-header"),
        (
            "late-hop-by-hop",
            _ipv6() / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / udp() / payload(8),
            "rx-ipv6-header",
        ),
        (
            "route-that-goes-on",
            _ipv6() / IPv6ExtHdrRouting(addresses=[LOCAL_IPV6], segleft=1) / udp(),
            "rx-ipv6-header",
        ),
        ("first-fragment", _ipv6() / IPv6ExtHdrFragment(m=1, id=7) / udp() / payload(32), "rx-fragment"),
        ("later-fragment", _ipv6() / IPv6ExtHdrFragment(offset=9, id=7, nh=17) / payload(32), "rx-fragment"),
        ("other-address", _good(dst="2001:db8::6"), "rx-not-our-address"),
        ("group-of-another-mac", _good(GROUP_MAC, dst="ff15::22"), "rx-not-our-address"),
        ("group", _good(GROUP_MAC, dst=GROUP), "rx-not-our-group"),
        (
            "listener-report",
            _ipv6("33:33:00:00:00:16", src="fe80::9", dst="ff02::16", hlim=1)
            / IPv6ExtHdrHopByHop(options=[RouterAlert()])
            / ICMPv6MLReport2(),
            "rx-not-our-group",
        ),
        ("from-loopback", _good(src="::1"), "rx-martian-source"),
        ("from-nowhere", _good(src="::"), "rx-martian-source"),
        ("from-a-group", _good(src="ff02::1"), "rx-martian-source"),
        ("from-a-mapped-address", _good(src="::ffff:10.0.0.9"), "rx-martian-source"),
        ("from-ourselves", _good(src=LOCAL_IPV6), "rx-martian-source"),
        ("tcp", _ipv6() / TCP(), "rx-protocol"),
        ("no-next-header", _ipv6(nh=59) / Raw(bytes(8)), "rx-protocol"),
        ("ping-to-all", _ipv6(ALL_NODES_MAC, dst=ALL_NODES) / ICMPv6EchoRequest(), "rx-protocol"),
        ("udp-length", _ipv6() / udp(len=200) / payload(32), "rx-udp-header"),
        ("no-udp-checksum", _ipv6() / udp(chksum=0) / payload(32), "rx-udp-checksum"),
        ("udp-checksum", _ipv6() / udp(chksum=1) / payload(32), "rx-udp-checksum"),
        ("no-endpoint", _ipv6() / udp(dport=1) / payload(32), "rx-no-endpoint"),
    ]


SEEDS6 = tuple(
    [Seed(name, bytes(frame), DELIVERED) for name, frame in _delivered()]
    + [Seed(name, bytes(frame), CONTROL) for name, frame in _control()]
    + [Seed(name, bytes(frame), fate) for name, frame, fate in _dropped()]
)
