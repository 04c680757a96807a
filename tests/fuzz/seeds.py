"""One frame for each fate that a received frame can have, made by scapy.

`SEEDS` has three uses: fuzzing starts from it, the C side must parse it, and tests show with it that each
fate has a count of its own.
"""

from dataclasses import dataclass

from scapy.layers.igmp import IGMP, IGMPv3_MQ, IGMPv3_MR, IGMPv3_MR_Group
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1Q, Ether
from scapy.packet import Packet, Raw

LOCAL_MAC, PEER_MAC = "02:00:00:00:00:05", "02:00:00:00:00:09"
LOCAL_IPV4, PEER_IPV4 = "10.0.0.5", "10.0.0.9"
LOCAL_PORT, PEER_PORT = 40123, 50000

DELIVERED, CONTROL = "delivered", "control"


@dataclass(frozen=True, slots=True)
class Seed:
    """A frame without FCS, and its fate: DELIVERED to LOCAL_PORT, CONTROL, or the name of its count."""

    name: str
    frame: bytes
    fate: str


def _ethernet(**fields: object) -> Packet:
    return Ether(**({"dst": LOCAL_MAC, "src": PEER_MAC} | fields))


def _ipv4(**fields: object) -> Packet:
    return _ethernet() / IP(**({"src": PEER_IPV4, "dst": LOCAL_IPV4} | fields))


def udp(**fields: object) -> Packet:
    return UDP(**({"sport": PEER_PORT, "dport": LOCAL_PORT} | fields))


def payload(length: int) -> Packet:
    return Raw(bytes((i * 7 + 1) & 0xFF for i in range(length)))


def _good(length: int = 64, **ipv4: object) -> Packet:
    return _ipv4(**ipv4) / udp() / payload(length)


def _to_group(**ipv4: object) -> Packet:
    fields = {"src": PEER_IPV4, "dst": "224.0.1.1"} | ipv4
    return _ethernet(dst="01:00:5e:00:01:01") / IP(**fields) / udp() / payload(32)


def _igmp_query(message: Packet, **ipv4: object) -> Packet:
    fields = {"src": PEER_IPV4, "dst": "224.0.0.1", "ttl": 1} | ipv4
    return _ethernet(dst="01:00:5e:00:00:01") / IP(**fields) / message


def _igmp_report() -> Packet:
    report = IGMPv3_MR(records=[IGMPv3_MR_Group(maddr="239.1.1.1")])
    return _ethernet(dst="01:00:5e:00:00:16") / IP(src=PEER_IPV4, dst="224.0.0.22", ttl=1) / report


def _arp(**fields: object) -> Packet:
    return ARP(**({"op": "who-has", "hwsrc": PEER_MAC, "psrc": PEER_IPV4, "pdst": LOCAL_IPV4} | fields))


def _delivered() -> list[tuple[str, bytes]]:
    return [
        ("empty", bytes(_good(0))),
        ("small", bytes(_good(1))),
        ("data", bytes(_good(1408))),
        ("odd", bytes(_good(1471))),
        ("padded", bytes(_good(4)) + bytes(14)),
        ("options", bytes(_good(32, options=[IPOption_RR(routers=["0.0.0.0"])]))),
        ("no-udp-checksum", bytes(_ipv4() / udp(chksum=0) / payload(32))),
        ("dont-fragment", bytes(_good(32, flags="DF"))),
        ("priority-tagged", bytes(_ethernet() / Dot1Q(vlan=0, prio=5) / _good()[IP])),
        ("udp-shorter-than-ipv4", bytes(_ipv4(len=92) / udp(len=40, chksum=0) / payload(64))),
    ]


def _control() -> list[tuple[str, bytes]]:
    broadcast = "ff:ff:ff:ff:ff:ff"
    return [
        ("arp-request", bytes(_ethernet(dst=broadcast) / _arp())),
        ("arp-reply", bytes(_ethernet() / _arp(op="is-at", hwdst=LOCAL_MAC))),
        ("arp-announcement", bytes(_ethernet(dst=broadcast) / _arp(pdst=PEER_IPV4))),
        ("arp-cut", bytes(_ethernet(dst=broadcast) / _arp())[:20]),
        ("igmp-v3-query", bytes(_igmp_query(IGMPv3_MQ(mrcode=100, qrv=2)))),
        ("igmp-v2-query", bytes(_igmp_query(IGMP(type=0x11, mrcode=100), src="0.0.0.0"))),
        ("icmp-echo", bytes(_ipv4() / ICMP() / payload(56))),
        (
            "icmp-unreachable",
            bytes(_ipv4() / ICMP(type=3, code=3) / IP(src=LOCAL_IPV4, dst=PEER_IPV4) / udp()),
        ),
    ]


def _dropped() -> list[tuple[str, bytes, str]]:
    good = bytes(_good())
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    return [
        ("nothing", b"", "rx-truncated"),
        ("half-a-mac", good[:3], "rx-truncated"),
        ("ethernet-only", good[:14], "rx-truncated"),
        ("cut", good[:-1], "rx-truncated"),
        ("long-total-length", bytes(_good(64, len=1500)), "rx-truncated"),
        ("other-mac", bytes(_ethernet(dst="02:00:00:00:00:06") / _good()[IP]), "rx-not-our-mac"),
        ("broadcast-mac", bytes(_ethernet(dst="ff:ff:ff:ff:ff:ff") / _good()[IP]), "rx-not-our-mac"),
        ("arp-for-another", bytes(_ethernet(dst="02:00:00:00:00:06") / _arp()), "rx-not-our-mac"),
        ("vlan", bytes(_ethernet() / Dot1Q(vlan=7) / _good()[IP]), "rx-not-our-vlan"),
        ("vlan-arp", bytes(_ethernet() / Dot1Q(vlan=7, prio=5) / _arp()), "rx-not-our-vlan"),
        ("cut-in-its-tag", bytes(_ethernet() / Dot1Q(vlan=7) / _good()[IP])[:17], "rx-ethertype"),
        ("two-tags", bytes(_ethernet() / Dot1Q(vlan=0) / Dot1Q(vlan=0) / _good()[IP]), "rx-ethertype"),
        (
            "ipv6",
            bytes(_ethernet() / IPv6(src="fe80::9", dst="fe80::5") / udp() / payload(32)),
            "rx-ethertype",
        ),
        ("lldp", bytes(_ethernet(dst="01:80:c2:00:00:0e", type=0x88CC) / payload(46)), "rx-ethertype"),
        ("version", bytes(_good(version=6)), "rx-ipv4-header"),
        ("header-length", bytes(_good(ihl=4)), "rx-ipv4-header"),
        ("short-total-length", bytes(_good(len=19)), "rx-ipv4-header"),
        ("ipv4-checksum", bytes(_good(chksum=0x1234)), "rx-ipv4-checksum"),
        ("first-fragment", bytes(_good(flags="MF")), "rx-fragment"),
        ("later-fragment", bytes(_good(frag=185)), "rx-fragment"),
        ("icmp-fragment", bytes(_ipv4(flags="MF") / ICMP() / payload(56)), "rx-fragment"),
        ("other-address", bytes(_good(dst="10.0.0.6")), "rx-not-our-address"),
        ("group", bytes(_to_group()), "rx-not-our-group"),
        ("igmp-report", bytes(_igmp_report()), "rx-not-our-group"),
        ("group-martian", bytes(_to_group(src="224.0.0.9")), "rx-martian-source"),
        ("group-checksum", bytes(_to_group(chksum=1)), "rx-ipv4-checksum"),
        ("group-of-another-mac", bytes(_to_group(dst="224.0.1.2")), "rx-not-our-address"),
        ("multicast", bytes(_good(dst="224.0.1.1")), "rx-not-our-address"),
        ("from-loopback", bytes(_good(src="127.0.0.1")), "rx-martian-source"),
        ("from-nowhere", bytes(_good(src="0.0.0.0")), "rx-martian-source"),
        ("from-ourselves", bytes(_good(src=LOCAL_IPV4)), "rx-martian-source"),
        ("tcp", bytes(_ipv4() / TCP(sport=1, dport=LOCAL_PORT)), "rx-protocol"),
        ("udp-length-short", bytes(_ipv4() / udp(len=7) / payload(32)), "rx-udp-header"),
        ("udp-length-long", bytes(_ipv4() / udp(len=200) / payload(32)), "rx-udp-header"),
        ("udp-cut", bytes(_ipv4(len=24) / udp() / payload(8)), "rx-udp-header"),
        ("udp-checksum", flipped, "rx-udp-checksum"),
        ("no-endpoint", bytes(_ipv4() / udp(dport=1) / payload(32)), "rx-no-endpoint"),
    ]


SEEDS = tuple(
    [Seed(name, frame, DELIVERED) for name, frame in _delivered()]
    + [Seed(name, frame, CONTROL) for name, frame in _control()]
    + [Seed(*row) for row in _dropped()]
)
