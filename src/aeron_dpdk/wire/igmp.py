"""IGMP as a host speaks it: version 1 (RFC 1112 appendix I), 2 (RFC 2236) and 3 (RFC 3376)."""

from collections.abc import Iterable
from enum import IntEnum
from ipaddress import IPv4Address

from aeron_dpdk.wire.membership import Query, Record, ShortMessage, ShortReport
from aeron_dpdk.wire.packet import Address, Malformed, internet_checksum

SHORT_LENGTH = 8  # of every message of versions 1 and 2
MIN_V3_QUERY_LENGTH = 12
MIN_V3_REPORT_LENGTH = 8
V1_MAX_RESPONSE_NS = 10_000_000_000  # RFC 2236 §4

_CODE_UNIT_NS = 100_000_000  # RFC 3376 §4.1.1: tenths of a second


class IgmpType(IntEnum):
    QUERY = 0x11
    V1_REPORT = 0x12
    V2_REPORT = 0x16
    V2_LEAVE = 0x17
    V3_REPORT = 0x22


_SHORT_TYPES = {
    ShortMessage.V1_REPORT: IgmpType.V1_REPORT,
    ShortMessage.V2_REPORT: IgmpType.V2_REPORT,
    ShortMessage.LEAVE: IgmpType.V2_LEAVE,
}


def parse_igmp(data: bytes | memoryview) -> Query | ShortReport | None:
    """From an IPv4 payload; None for a message that a host does not need. Raises Malformed."""
    if len(data) < SHORT_LENGTH:
        raise Malformed(f"igmp: {len(data)} bytes are no message")
    if internet_checksum(data):
        raise Malformed("igmp: checksum")
    group = IPv4Address(bytes(data[4:8]))
    match data[0]:
        case IgmpType.QUERY:
            return _query(data, group)
        case IgmpType.V1_REPORT | IgmpType.V2_REPORT if group.is_multicast:
            return ShortReport(group)
        case _:
            return None


def _query(data: bytes | memoryview, group: IPv4Address) -> Query | None:
    """RFC 3376 §7.1: its length and its code tell the version; other lengths are ignored."""
    asked = group if int(group) else None
    if asked is not None and not asked.is_multicast:
        raise Malformed(f"igmp: a query for {group}")
    code = data[1]
    if len(data) == SHORT_LENGTH:
        return Query(2, asked, code * _CODE_UNIT_NS) if code else Query(1, asked, V1_MAX_RESPONSE_NS)
    if len(data) < MIN_V3_QUERY_LENGTH:
        return None
    count = int.from_bytes(data[10:12], "big")
    if len(data) < MIN_V3_QUERY_LENGTH + 4 * count:
        raise Malformed(f"igmp: {count} sources in a query of {len(data)} bytes")
    offsets = range(MIN_V3_QUERY_LENGTH, MIN_V3_QUERY_LENGTH + 4 * count, 4)
    sources = frozenset(IPv4Address(bytes(data[at : at + 4])) for at in offsets)
    return Query(3, asked, _code(code) * _CODE_UNIT_NS, sources, data[8] & 0x07)


def _code(code: int) -> int:
    """RFC 3376 §4.1.1: from 128 on a floating-point value of three bits of exponent, four of mantissa."""
    return code if code < 0x80 else (code & 0x0F | 0x10) << ((code >> 4 & 0x07) + 3)


def emit_short(kind: ShortMessage, group: Address) -> bytes:
    """A message of version 1 or 2."""
    return _sealed(bytes((_SHORT_TYPES[kind], 0, 0, 0)) + group.packed)


def emit_report(records: Iterable[Record]) -> bytes:
    """A version 3 report (RFC 3376 §4.2)."""
    packed = [each.emit() for each in records]
    return _sealed(
        bytes((IgmpType.V3_REPORT, 0, 0, 0, 0, 0)) + len(packed).to_bytes(2, "big") + b"".join(packed)
    )


def _sealed(unsummed: bytes) -> bytes:
    return unsummed[:2] + internet_checksum(unsummed).to_bytes(2, "big") + unsummed[4:]
