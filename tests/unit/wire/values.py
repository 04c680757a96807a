"""Hypothesis strategies for the fields of packets."""

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import EthernetFrame, Mac
from aeron_dpdk.wire.icmp import IcmpMessage
from aeron_dpdk.wire.icmpv6 import Icmpv6Message
from aeron_dpdk.wire.ipv4 import Ipv4Packet
from aeron_dpdk.wire.ipv6 import Ipv6Packet

macs = st.binary(min_size=6, max_size=6).map(Mac)
addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
ipv6_addresses = st.integers(0, 2**128 - 1).map(IPv6Address)
octets = st.integers(0, 0xFF)
payloads = st.binary(max_size=1500)

ethernet_frames = st.builds(EthernetFrame, macs, macs, st.integers(0x0600, 0xFFFF), payloads)
arp_packets = st.builds(ArpPacket, st.sampled_from(ArpOperation), macs, addresses, macs, addresses)
icmp_messages = st.builds(IcmpMessage, octets, octets, st.binary(min_size=4, max_size=4), payloads)
ipv4_packets = st.builds(
    Ipv4Packet,
    source=addresses,
    destination=addresses,
    protocol=octets,
    payload=payloads,
    type_of_service=octets,
    identification=st.integers(0, 0xFFFF),
    dont_fragment=st.booleans(),
    more_fragments=st.booleans(),
    fragment_offset=st.integers(0, 0x1FFF),
    ttl=octets,
    options=st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words)),
)
icmpv6_messages = st.builds(Icmpv6Message, octets, octets, st.binary(min_size=4, max_size=4), payloads)
ipv6_packets = st.builds(
    Ipv6Packet,
    source=ipv6_addresses,
    destination=ipv6_addresses,
    next_header=st.integers(1, 0xFF),
    payload=payloads,
    hop_limit=octets,
    traffic_class=octets,
    flow_label=st.integers(0, 0xFFFFF),
    hop_by_hop=st.none().map(lambda _: b"")
    | st.integers(0, 5).flatmap(lambda n: st.binary(min_size=6 + 8 * n, max_size=6 + 8 * n)),
)
