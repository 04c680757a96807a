from dataclasses import replace
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6ND_RS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptMTU,
    ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptSrcLLAddr,
    ICMPv6NDOptUnknown,
    IPv6,
)
from scapy.packet import Packet
from tests.unit.wire.values import ipv6_addresses, macs

from aeron_dpdk.wire.ethernet import Mac
from aeron_dpdk.wire.icmpv6 import Icmpv6Message, Icmpv6Type
from aeron_dpdk.wire.ipv6 import Ipv6Packet
from aeron_dpdk.wire.ndp import (
    NeighbourAdvertisement,
    NeighbourDiscovery,
    NeighbourSolicitation,
    RouterAdvertisement,
    RouterSolicitation,
    parse_ndp,
)
from aeron_dpdk.wire.packet import Malformed

SOURCE, DESTINATION = IPv6Address("fe80::1"), IPv6Address("fe80::2")
MAC = Mac.from_text("02:00:00:00:00:02")

targets = ipv6_addresses.filter(lambda address: not address.is_multicast)
maybe_macs = st.none() | macs
solicitations = st.builds(NeighbourSolicitation, targets, maybe_macs)
advertisements = st.builds(
    NeighbourAdvertisement, targets, maybe_macs, st.booleans(), st.booleans(), st.booleans()
)


def read(built: Packet) -> NeighbourDiscovery | None:
    """What we read in scapy's bytes."""
    packet = Ipv6Packet.parse(bytes(IPv6(src=str(SOURCE), dst=str(DESTINATION)) / built))
    return parse_ndp(Icmpv6Message.parse(packet))


def shown(message: Icmpv6Message) -> Packet:
    """What scapy reads in ours."""
    return IPv6(Ipv6Packet(SOURCE, DESTINATION, 58, message.emit(SOURCE, DESTINATION)).emit()).payload


@given(solicitations | advertisements | st.builds(RouterSolicitation, maybe_macs))
def test_what_is_emitted_parses_to_itself(
    message: NeighbourSolicitation | NeighbourAdvertisement | RouterSolicitation,
) -> None:
    assert parse_ndp(message.emit()) == message


@given(solicitations)
def test_scapy_agrees_on_a_solicitation_in_both_directions(message: NeighbourSolicitation) -> None:
    built: Packet = ICMPv6ND_NS(tgt=str(message.target))
    if message.source_mac is not None:
        built /= ICMPv6NDOptSrcLLAddr(lladdr=str(message.source_mac))
    assert read(built) == message
    seen = shown(message.emit())
    assert IPv6Address(seen[ICMPv6ND_NS].tgt) == message.target
    assert (ICMPv6NDOptSrcLLAddr in seen) == (message.source_mac is not None)
    if message.source_mac is not None:
        assert seen[ICMPv6NDOptSrcLLAddr].lladdr == str(message.source_mac)


@given(advertisements)
def test_scapy_agrees_on_an_advertisement_in_both_directions(message: NeighbourAdvertisement) -> None:
    flags = {"R": message.is_router, "S": message.is_solicited, "O": message.is_override}
    built: Packet = ICMPv6ND_NA(tgt=str(message.target), **{name: int(flag) for name, flag in flags.items()})
    if message.target_mac is not None:
        built /= ICMPv6NDOptDstLLAddr(lladdr=str(message.target_mac))
    assert read(built) == message
    seen = shown(message.emit())[ICMPv6ND_NA]
    assert (bool(seen.R), bool(seen.S), bool(seen.O)) == tuple(flags.values())
    assert IPv6Address(seen.tgt) == message.target


def test_scapy_reads_a_router_solicitation() -> None:
    assert shown(RouterSolicitation(MAC).emit())[ICMPv6NDOptSrcLLAddr].lladdr == str(MAC)
    assert read(ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=str(MAC))) == RouterSolicitation(MAC)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_a_router_advertisement_says_lifetime_mac_and_mtu(lifetime_s: int, mtu: int) -> None:
    built = (
        ICMPv6ND_RA(routerlifetime=lifetime_s)
        / ICMPv6NDOptSrcLLAddr(lladdr=str(MAC))
        / ICMPv6NDOptMTU(mtu=mtu)
        / ICMPv6NDOptPrefixInfo(prefix="fd00:1::", prefixlen=64, L=1)
        / ICMPv6NDOptUnknown(type=200, len=1, data=bytes(6))
    )
    assert read(built) == RouterAdvertisement(lifetime_s, MAC, mtu)


def test_a_router_advertisement_without_options_is_read() -> None:
    assert read(ICMPv6ND_RA(routerlifetime=30)) == RouterAdvertisement(30)


def test_any_other_message_reads_as_none() -> None:
    assert parse_ndp(Icmpv6Message(Icmpv6Type.ECHO_REQUEST, 0, bytes(4), b"")) is None


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(replace(NeighbourSolicitation(SOURCE).emit(), code=1), id="code"),
        pytest.param(replace(NeighbourSolicitation(SOURCE).emit(), payload=bytes(15)), id="cut target"),
        pytest.param(NeighbourSolicitation(IPv6Address("ff02::1")).emit(), id="target is a group"),
        pytest.param(
            replace(NeighbourSolicitation(SOURCE).emit(), payload=SOURCE.packed + bytes(8)),
            id="option without a length",
        ),
        pytest.param(
            replace(
                NeighbourAdvertisement(SOURCE, None).emit(), payload=SOURCE.packed + b"\x02\x02" + bytes(6)
            ),
            id="cut option",
        ),
        pytest.param(
            Icmpv6Message(Icmpv6Type.ROUTER_ADVERTISEMENT, 0, bytes(4), bytes(7)), id="cut advertisement"
        ),
    ],
)
def test_what_is_not_what_it_claims_to_be_is_malformed(message: Icmpv6Message) -> None:
    with pytest.raises(Malformed):
        parse_ndp(message)


@given(st.integers(133, 137), st.binary(min_size=4, max_size=4), st.binary(max_size=80))
def test_any_bytes_are_a_message_nothing_or_malformed(type_: int, rest: bytes, payload: bytes) -> None:
    try:
        parse_ndp(Icmpv6Message(type_, 0, rest, payload))
    except Malformed as error:
        assert error.reason
