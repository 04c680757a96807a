"""MLD as a host speaks it: version 1 (RFC 2710) and 2 (RFC 3810). Versions are counted as IGMP's."""

from collections.abc import Iterable
from ipaddress import IPv6Address

from aeron_dpdk.wire.icmpv6 import Icmpv6Message, Icmpv6Type
from aeron_dpdk.wire.membership import Query, Record, ShortMessage, ShortReport
from aeron_dpdk.wire.packet import Address, Malformed

V1_LENGTH = 16  # behind the ICMPv6 header, of every message of version 1
MIN_V2_QUERY_LENGTH = 20
_MS = 1_000_000

_SHORT_TYPES = {
    ShortMessage.V2_REPORT: Icmpv6Type.MLD_V1_REPORT,
    ShortMessage.LEAVE: Icmpv6Type.MLD_V1_DONE,
}


def parse_mld(message: Icmpv6Message) -> Query | ShortReport | None:
    """None for a message that a host does not need. Raises Malformed."""
    match message.type:
        case Icmpv6Type.MLD_QUERY:
            return _query(message)
        case Icmpv6Type.MLD_V1_REPORT:
            group = _group(message.payload)
            return ShortReport(group) if group.is_multicast else None
        case _:
            return None


def _query(message: Icmpv6Message) -> Query | None:
    """RFC 3810 §8.1: its length tells the version; other lengths are ignored."""
    data, group = message.payload, _group(message.payload)
    asked = group if int(group) else None
    if asked is not None and not asked.is_multicast:
        raise Malformed(f"mld: a query for {group}")
    code = int.from_bytes(message.rest_of_header[:2], "big")
    if len(data) == V1_LENGTH:
        return Query(2, asked, code * _MS)
    if len(data) < MIN_V2_QUERY_LENGTH:
        return None
    count = int.from_bytes(data[18:20], "big")
    end = MIN_V2_QUERY_LENGTH + 16 * count
    if len(data) < end:
        raise Malformed(f"mld: {count} sources in a query of {len(data)} bytes")
    sources = frozenset(IPv6Address(data[at : at + 16]) for at in range(MIN_V2_QUERY_LENGTH, end, 16))
    return Query(3, asked, _code(code) * _MS, sources, data[16] & 0x07)


def _group(data: bytes) -> IPv6Address:
    if len(data) < V1_LENGTH:
        raise Malformed(f"mld: {len(data)} bytes are no group")
    return IPv6Address(data[:V1_LENGTH])


def _code(code: int) -> int:
    """RFC 3810 §5.1.3: from 32768 on a floating-point value of three bits of exponent, twelve of mantissa."""
    return code if code < 0x8000 else (code & 0x0FFF | 0x1000) << ((code >> 12 & 0x07) + 3)


def emit_short(kind: ShortMessage, group: Address) -> Icmpv6Message:
    """A message of version 1."""
    return Icmpv6Message(_SHORT_TYPES[kind], 0, bytes(4), group.packed)


def emit_report(records: Iterable[Record]) -> Icmpv6Message:
    """A version 2 report (RFC 3810 §5.2)."""
    packed = [each.emit() for each in records]
    count = len(packed).to_bytes(2, "big")
    return Icmpv6Message(Icmpv6Type.MLD_V2_REPORT, 0, b"\0\0" + count, b"".join(packed))
