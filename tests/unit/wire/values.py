"""Hypothesis strategies for the fields of packets."""

from ipaddress import IPv4Address

from hypothesis import strategies as st

from aeron_dpdk.wire.arp import ArpOperation, ArpPacket
from aeron_dpdk.wire.ethernet import EthernetFrame, Mac
from aeron_dpdk.wire.icmp import IcmpMessage
from aeron_dpdk.wire.ipv4 import Ipv4Packet

macs = st.binary(min_size=6, max_size=6).map(Mac)
addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
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
