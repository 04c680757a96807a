from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.igmp import IGMP, IGMPv3_MQ, IGMPv3_MR, IGMPv3_MR_Group
from scapy.packet import Packet

from aeron_dpdk.wire.igmp import emit_report, emit_short, parse_igmp
from aeron_dpdk.wire.membership import Query, Record, RecordType, ShortMessage, ShortReport
from aeron_dpdk.wire.packet import Malformed, internet_checksum

TENTH_NS = 100_000_000
GROUP = IPv4Address("239.1.2.3")

groups = st.integers(0xE0000000, 0xEFFFFFFF).map(IPv4Address)
sources = st.frozensets(st.ip_addresses(v=4), max_size=5)
records = st.builds(Record, st.sampled_from(RecordType), groups, sources)


def v3_query(
    group: str = "0.0.0.0", code: int = 100, robustness: int = 2, addresses: tuple[str, ...] = ()
) -> bytes:
    return bytes(IGMPv3_MQ(mrcode=code, gaddr=group, qrv=robustness, srcaddrs=list(addresses)))


def sealed(data: bytes) -> bytes:
    unsummed = data[:2] + bytes(2) + data[4:]
    return data[:2] + internet_checksum(unsummed).to_bytes(2, "big") + data[4:]


@given(st.lists(records, max_size=4))
def test_scapy_reads_in_a_report_what_was_written(written: list[Record]) -> None:
    data = emit_report(written)
    report = IGMP(data)
    assert (report.type, report.numgrp) == (0x22, len(written))
    assert internet_checksum(data) == 0
    read = [(each.rtype, each.maddr, each.auxdlen, set(each.srcaddrs)) for each in report.records]
    assert read == [
        (each.type, str(each.group), 0, {str(source) for source in each.sources}) for each in written
    ]
    assert len(data) == 8 + sum(each.length for each in written)


@pytest.mark.parametrize(
    "kind,type_", [(ShortMessage.V1_REPORT, 0x12), (ShortMessage.V2_REPORT, 0x16), (ShortMessage.LEAVE, 0x17)]
)
def test_a_short_message_is_the_one_scapy_writes(kind: ShortMessage, type_: int) -> None:
    assert emit_short(kind, GROUP) == bytes(IGMP(type=type_, mrcode=0, gaddr=str(GROUP)))


def test_a_v3_query_says_group_sources_time_and_robustness() -> None:
    data = v3_query("239.1.2.3", code=10, robustness=5, addresses=("10.0.0.1", "10.0.0.2"))
    assert parse_igmp(data) == Query(
        3, GROUP, 10 * TENTH_NS, frozenset({IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2")}), 5
    )


def test_a_query_without_a_group_asks_for_all() -> None:
    assert parse_igmp(v3_query()) == Query(3, None, 100 * TENTH_NS, frozenset(), 2)


@pytest.mark.parametrize("code,tenths", [(0, 0), (127, 127), (128, 128), (0xFF, 31744), (0x9A, 416)])
def test_a_long_response_time_is_a_floating_point_number(code: int, tenths: int) -> None:
    """RFC 3376 §4.1.1."""
    query = parse_igmp(sealed(bytes((0x11, code, 0, 0)) + bytes(8)))
    assert isinstance(query, Query)
    assert query.max_response_ns == tenths * TENTH_NS


def test_eight_bytes_with_a_time_are_version_two_and_without_one_version_one() -> None:
    """RFC 3376 §7.1; the ten seconds of version 1 are RFC 2236 §4's."""
    assert parse_igmp(bytes(IGMP(type=0x11, mrcode=20, gaddr="0.0.0.0"))) == Query(2, None, 20 * TENTH_NS)
    assert parse_igmp(bytes(IGMP(type=0x11, mrcode=20, gaddr=str(GROUP)))) == Query(2, GROUP, 20 * TENTH_NS)
    assert parse_igmp(bytes(IGMP(type=0x11, mrcode=0, gaddr="0.0.0.0"))) == Query(1, None, 100 * TENTH_NS)


@pytest.mark.parametrize("length", [9, 10, 11])
def test_a_query_between_the_versions_is_ignored(length: int) -> None:
    assert parse_igmp(sealed(bytes((0x11, 10)) + bytes(length - 2))) is None


@pytest.mark.parametrize("type_", [0x12, 0x16])
def test_another_hosts_old_report_names_its_group(type_: int) -> None:
    assert parse_igmp(bytes(IGMP(type=type_, gaddr=str(GROUP)))) == ShortReport(GROUP)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(IGMP(type=0x17, gaddr="239.1.2.3"), id="leave"),
        pytest.param(IGMPv3_MR(records=[IGMPv3_MR_Group(rtype=4, maddr="239.1.2.3")]), id="v3 report"),
        pytest.param(IGMP(type=0x16, gaddr="10.0.0.1"), id="report of a host"),
        pytest.param(IGMP(type=0x13, gaddr="239.1.2.3"), id="DVMRP"),
    ],
)
def test_a_message_that_does_not_concern_a_host_reads_as_none(message: Packet) -> None:
    assert parse_igmp(bytes(message)) is None


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bytes(7), id="short"),
        pytest.param(v3_query()[:-1] + b"\x01", id="checksum"),
        pytest.param(sealed(v3_query()[:10] + b"\x00\x01"), id="sources beyond the end"),
        pytest.param(bytes(IGMP(type=0x11, mrcode=1, gaddr="10.0.0.1")), id="a host's address for a group"),
    ],
)
def test_what_is_not_what_it_claims_to_be_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_igmp(data)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_message_nothing_or_malformed(data: bytes) -> None:
    for each in (data, sealed(data) if len(data) >= 4 else data, b"\x11" + data):
        try:
            parse_igmp(each)
        except Malformed:
            pass
