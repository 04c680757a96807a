"""What packets of all protocols have in common: addresses, the Internet checksum, the error of a parser."""

from ipaddress import IPv4Address, IPv6Address

Address = IPv4Address | IPv6Address


class Malformed(Exception):
    """Bytes that are not what they claim to be; `reason` names the first rule they break."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def internet_checksum(data: bytes | memoryview) -> int:
    """RFC 1071's 16 bits over `data`, an odd byte padded with zero; 0 over data that carries its checksum."""
    whole = int.from_bytes(data, "big") << (8 * (len(data) % 2))
    # 2**16 is 1 modulo 65535, so the remainder is the one's complement sum, of which 0xffff is the other zero
    remainder = whole % 0xFFFF
    return 0xFFFF - (0xFFFF if remainder == 0 and whole else remainder)
