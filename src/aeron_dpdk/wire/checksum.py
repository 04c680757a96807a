"""The Internet checksum (RFC 1071)."""


def internet_checksum(data: bytes | memoryview) -> int:
    """The 16-bit checksum of `data`, an odd byte padded with zero. Over data that carries its checksum it is
    0."""
    whole = int.from_bytes(data, "big") << (8 * (len(data) % 2))
    # 2**16 is 1 modulo 65535, so the remainder is the one's complement sum, of which 0xffff is the other zero
    remainder = whole % 0xFFFF
    return 0xFFFF - (0xFFFF if remainder == 0 and whole else remainder)
