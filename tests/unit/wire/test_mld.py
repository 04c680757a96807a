from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet6 import (
    ICMPv6MLDone,
    ICMPv6MLQuery,
    ICMPv6MLQuery2,
    ICMPv6MLReport,
    ICMPv6MLReport2,
    IPv6,
)
from scapy.packet import Packet

from aeron_dpdk.wire.icmpv6 import Icmpv6Message, Icmpv6Type
from aeron_dpdk.wire.ipv6 import Ipv6Packet
from aeron_dpdk.wire.membership import Query, Record, RecordType, ShortMessage, ShortReport
from aeron_dpdk.wire.mld import emit_report, emit_short, parse_mld
from aeron_dpdk.wire.packet import Malformed

MS = 1_000_000
SOURCE, DESTINATION = IPv6Address("fe80::1"), IPv6Address("ff02::16")
GROUP = IPv6Address("ff05::1234")

groups = st.integers(0xFF << 120, (1 << 128) - 1).map(IPv6Address)
sources = st.frozensets(st.ip_addresses(v=6), max_size=5)
records = st.builds(Record, st.sampled_from(RecordType), groups, sources)


def read(built: Packet) -> Query | ShortReport | None:
    """What we read in scapy's bytes."""
    packet = IPv6(src=str(SOURCE), dst=str(DESTINATION)) / built
    return parse_mld(Icmpv6Message.parse(Ipv6Packet.parse(bytes(packet))))


def shown(message: Icmpv6Message) -> Packet:
    """What scapy reads in ours."""
    return IPv6(Ipv6Packet(SOURCE, DESTINATION, 58, message.emit(SOURCE, DESTINATION)).emit()).payload


def query(group: str = "::", code: int = 1000, addresses: tuple[str, ...] = ()) -> Packet:
    return ICMPv6MLQuery2(
        mladdr=group, mrd=code, QRV=2, sources=list(addresses), sources_number=len(addresses)
    )


@given(st.lists(records, max_size=4))
def test_scapy_reads_in_a_report_what_was_written(written: list[Record]) -> None:
    report = shown(emit_report(written))
    assert (report[ICMPv6MLReport2].type, report[ICMPv6MLReport2].records_number) == (143, len(written))
    read_back = [
        (each.rtype, IPv6Address(each.dst), {IPv6Address(source) for source in each.sources})
        for first in report[ICMPv6MLReport2].records
        for each in first.iterpayloads()  # to scapy a record is the payload of the one before
    ]
    assert read_back == [(each.type, each.group, set(each.sources)) for each in written]
    assert sum(each.length for each in written) == len(emit_report(written).payload)


@pytest.mark.parametrize(
    "kind,layer", [(ShortMessage.V2_REPORT, ICMPv6MLReport), (ShortMessage.LEAVE, ICMPv6MLDone)]
)
def test_scapy_reads_a_message_of_version_one(kind: ShortMessage, layer: type[Packet]) -> None:
    assert shown(emit_short(kind, GROUP))[layer].mladdr == str(GROUP)


def test_a_version_two_query_says_group_sources_time_and_robustness() -> None:
    assert read(query(str(GROUP), 10, ("fd00::1", "fd00::2"))) == Query(
        3, GROUP, 10 * MS, frozenset({IPv6Address("fd00::1"), IPv6Address("fd00::2")}), 2
    )


def test_a_query_without_a_group_asks_for_all() -> None:
    assert read(query()) == Query(3, None, 1000 * MS, frozenset(), 2)


def test_a_query_of_version_one_is_igmps_version_two() -> None:
    """RFC 3810 §8.1: 24 bytes."""
    assert read(ICMPv6MLQuery(mrd=2000)) == Query(2, None, 2000 * MS)
    assert read(ICMPv6MLQuery(mrd=2000, mladdr=str(GROUP))) == Query(2, GROUP, 2000 * MS)


@pytest.mark.parametrize("code,ms", [(0, 0), (32767, 32767), (0x8000, 32768), (0xFFFF, 8387584)])
def test_a_long_response_time_is_a_floating_point_number(code: int, ms: int) -> None:
    """RFC 3810 §5.1.3."""
    asked = read(query(code=code))
    assert isinstance(asked, Query)
    assert asked.max_response_ns == ms * MS


@pytest.mark.parametrize("length", [17, 18, 19])
def test_a_query_between_the_versions_is_ignored(length: int) -> None:
    assert parse_mld(Icmpv6Message(Icmpv6Type.MLD_QUERY, 0, bytes(4), bytes(length))) is None


def test_another_hosts_report_of_version_one_names_its_group() -> None:
    assert read(ICMPv6MLReport(mladdr=str(GROUP))) == ShortReport(GROUP)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(emit_short(ShortMessage.LEAVE, GROUP), id="done"),
        pytest.param(emit_report([]), id="report of version 2"),
        pytest.param(emit_short(ShortMessage.V2_REPORT, SOURCE), id="report of a host"),
    ],
)
def test_a_message_that_does_not_concern_a_host_reads_as_none(message: Icmpv6Message) -> None:
    assert parse_mld(message) is None


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(bytes(15), id="short"),
        pytest.param(bytes(18) + b"\x00\x01", id="sources beyond the end"),
        pytest.param(SOURCE.packed + bytes(4), id="a host's address for a group"),
    ],
)
def test_what_is_not_what_it_claims_to_be_is_malformed(payload: bytes) -> None:
    with pytest.raises(Malformed):
        parse_mld(Icmpv6Message(Icmpv6Type.MLD_QUERY, 0, bytes(4), payload))


@given(st.sampled_from([130, 131, 132, 143]), st.binary(min_size=4, max_size=4), st.binary(max_size=80))
def test_any_bytes_are_a_message_nothing_or_malformed(type_: int, rest: bytes, payload: bytes) -> None:
    try:
        parse_mld(Icmpv6Message(type_, 0, rest, payload))
    except Malformed as error:
        assert error.reason
