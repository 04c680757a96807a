"""ICMP (RFC 792). One shape serves every message."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from aeron_dpdk.wire.packet import Malformed, internet_checksum

HEADER_LENGTH = 8
CODE_FRAGMENTATION_NEEDED = 4  # of DESTINATION_UNREACHABLE


class IcmpType(IntEnum):
    """The types that mean something to us."""

    ECHO_REPLY = 0
    DESTINATION_UNREACHABLE = 3
    ECHO_REQUEST = 8


@dataclass(frozen=True, slots=True)
class IcmpMessage:
    """`rest_of_header` is 4 bytes: identifier and sequence of an echo, unused and next-hop MTU of an
    unreachable (RFC 1191 §4)."""

    type: int
    code: int
    rest_of_header: bytes
    payload: bytes

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """From an IPv4 payload. Raises Malformed."""
        if len(data) < HEADER_LENGTH:
            raise Malformed(f"icmp: {len(data)} bytes are no header")
        if internet_checksum(data):
            raise Malformed("icmp: checksum")
        return cls(
            type=data[0],
            code=data[1],
            rest_of_header=bytes(data[4:HEADER_LENGTH]),
            payload=bytes(data[HEADER_LENGTH:]),
        )

    def emit(self) -> bytes:
        kind = bytes((self.type, self.code))
        rest = self.rest_of_header + self.payload
        return b"".join((kind, internet_checksum(kind + b"\0\0" + rest).to_bytes(2, "big"), rest))
