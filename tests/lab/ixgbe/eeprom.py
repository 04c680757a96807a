"""The 82599's EEPROM: what drivers read from it, with a checksum that they verify."""

WORDS = 4096
SIZE_FIELD = 6 << 11
"""EEC.SIZE: 2^(6 + 6) words."""
CHECKSUM = 0x3F
CHECKSUM_TOTAL = 0xBABA
ABSENT = 0xFFFF

FIRMWARE = 0x0F
PBA = (0x15, 0x16)
PHY_INIT = 0x2B
DEVICE_CAPABILITIES = 0x2C
ANY_SFP_AND_NO_CROSSTALK = 0x0001 | 0x0080
# Pointers in 0x03 to 0x0E lead to sections that the checksum includes: this image has none.
POINTERS = range(0x03, 0x0F)
POINTERS_ABSENT = (0x17, 0x1B, 0x26, 0x27, 0x28, 0x33)

FIRMWARE_AT = 0x100
PASS_THROUGH_AT = 0x120
FIRMWARE_VERSION = 0x0A00
"""More than 5, or Linux calls it pre-production (ixgbe_verify_fw_version_82599)."""
SFP_LIST_AT = 0x200
SFP_SEQUENCE_AT = 0x220
SHORT_RANGE_CORE_0 = 5
"""ixgbe_sfp_type_srlr_core0."""
END = 0xFFFF


def image() -> list[int]:
    """All words; the receive address registers are loaded without them (no driver reads the MAC here)."""
    words = [0] * WORDS
    for index in (*POINTERS, *POINTERS_ABSENT):
        words[index] = ABSENT
    words[FIRMWARE] = FIRMWARE_AT
    words[FIRMWARE_AT + 2] = ABSENT  # no LESM firmware
    words[FIRMWARE_AT + 4] = PASS_THROUGH_AT
    words[PASS_THROUGH_AT + 7] = FIRMWARE_VERSION
    words[PBA[0]], words[PBA[1]] = 0xE666, 0x1200
    words[PHY_INIT] = SFP_LIST_AT
    words[SFP_LIST_AT + 1 : SFP_LIST_AT + 4] = [SHORT_RANGE_CORE_0, SFP_SEQUENCE_AT, END]
    words[SFP_SEQUENCE_AT + 1] = END
    words[DEVICE_CAPABILITIES] = ANY_SFP_AND_NO_CROSSTALK
    words[CHECKSUM] = (CHECKSUM_TOTAL - sum(words[:CHECKSUM])) & 0xFFFF
    return words


CLOCK, SELECT_OFF, DATA_IN, DATA_OUT, REQUEST, GRANT = (1 << bit for bit in (0, 1, 2, 3, 6, 7))
PRESENT_READ_AND_WIDE = 7 << 8
"""EEC: there is one, it was read, and it takes addresses of 16 bits."""
READ_STATUS, READ = 0x05, 0x03
OPCODE_BITS, ADDRESS_BITS = 8, 16


class Wires:
    """EEC: the SPI wires to the same words. DPDK reads the first word this way, before it asks for the
    size."""

    def __init__(self, words: list[int]) -> None:
        self._bytes = b"".join(word.to_bytes(2, "little") for word in words)
        self._control = 0
        self._taken = 0
        self._bits = 0
        self._answer: list[int] = []
        self._output = 0

    def read(self) -> int:
        granted = GRANT if self._control & REQUEST else 0
        return self._control | granted | self._output | PRESENT_READ_AND_WIDE | SIZE_FIELD

    def write(self, value: int) -> None:
        was, self._control = self._control, value & (CLOCK | SELECT_OFF | DATA_IN | REQUEST)
        if value & SELECT_OFF:
            self._taken = self._bits = self._output = 0
            self._answer.clear()
        elif value & CLOCK and not was & CLOCK:
            self._clock(bool(value & DATA_IN))

    def _clock(self, data: bool) -> None:
        if self._answer:
            self._output = DATA_OUT if self._answer.pop(0) else 0
            return
        self._taken, self._bits = self._taken << 1 | data, self._bits + 1
        if self._bits == OPCODE_BITS and self._taken == READ_STATUS:
            self._answer = [0] * 8  # ready, and no block is protected
        elif self._bits == OPCODE_BITS + ADDRESS_BITS and self._taken >> ADDRESS_BITS == READ:
            start = self._taken & 0xFFFF
            word = self._bytes[start : start + 2]
            self._answer = [byte >> bit & 1 for byte in word for bit in range(7, -1, -1)]
