"""What a driver reads before it trusts the device: EEPROM in both ways, semaphores, module, link, reset."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lab.ixgbe import eeprom, sfp
from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.bench import MAC, Bench


def eerd(bench: Bench, word: int) -> int:
    bench.set(r.EERD, word << 2 | r.EERD_START)
    value = bench.nic.read(r.EERD)
    assert value & r.EERD_DONE
    return value >> 16


def spi(bench: Bench, word: int) -> int:
    """Like ixgbe_read_eeprom_bit_bang_generic of DPDK and Linux."""
    bench.set(r.EEC, eeprom.REQUEST)
    assert bench.nic.read(r.EEC) & eeprom.GRANT

    def clock(data: int) -> int:
        wires = eeprom.REQUEST | (eeprom.DATA_IN if data else 0)
        bench.set(r.EEC, wires)
        bench.set(r.EEC, wires | eeprom.CLOCK)
        seen = bool(bench.nic.read(r.EEC) & eeprom.DATA_OUT)
        bench.set(r.EEC, wires)
        return seen

    bench.set(r.EEC, eeprom.REQUEST | eeprom.SELECT_OFF)
    for bit in f"{eeprom.READ:08b}{2 * word:016b}":
        clock(int(bit))
    value = sum(clock(0) << bit for bit in range(15, -1, -1))
    return value >> 8 | (value & 0xFF) << 8


@settings(deadline=None)
@given(st.integers(0, eeprom.WORDS - 1))
def test_both_ways_to_the_eeprom_give_the_same_word(word: int) -> None:
    bench = Bench()
    assert eerd(bench, word) == spi(bench, word) == eeprom.image()[word]


def test_the_eeprom_sums_to_what_intel_says() -> None:
    assert sum(eeprom.image()[: eeprom.CHECKSUM + 1]) & 0xFFFF == 0xBABA


def test_reading_the_driver_semaphore_takes_it_and_writing_gives_it_back() -> None:
    bench = Bench()
    assert not bench.nic.read(r.SWSM) & r.SWSM_DRIVER
    assert bench.nic.read(r.SWSM) & r.SWSM_DRIVER
    bench.set(r.SWSM, 0)
    assert not bench.nic.read(r.SWSM) & r.SWSM_DRIVER


class Master:
    """The driver's end of the I2C lines."""

    def __init__(self) -> None:
        self.module = sfp.Module()

    def wires(self, *, clock: bool, data: bool) -> bool:
        self.module.drive((sfp.CLOCK_OUT if clock else 0) | (sfp.DATA_OUT if data else 0))
        return bool(self.module.lines() & sfp.DATA_IN)

    def start(self) -> None:
        self.wires(clock=False, data=True)
        for clock, data in ((True, True), (True, False), (False, False)):
            self.wires(clock=clock, data=data)

    def bit(self, data: bool) -> bool:
        self.wires(clock=False, data=data)
        seen = self.wires(clock=True, data=data)
        self.wires(clock=False, data=data)
        return seen

    def byte(self, value: int) -> bool:
        """Sends a byte; returns whether it was acknowledged."""
        for place in range(7, -1, -1):
            self.bit(bool(value >> place & 1))
        return not self.bit(data=True)

    def read(self, device: int, offset: int, count: int) -> bytes | None:
        self.start()
        if not self.byte(device):
            return None
        assert self.byte(offset)
        self.start()
        assert self.byte(device | 1)
        result = bytearray()
        for left in range(count - 1, -1, -1):
            result.append(sum(self.bit(data=True) << place for place in range(7, -1, -1)))
            self.bit(data=not left)
        self.wires(clock=False, data=False)
        self.wires(clock=True, data=False)
        self.wires(clock=True, data=True)
        return bytes(result)


@settings(deadline=None)
@given(st.integers(0, 250), st.integers(1, 6))
def test_the_module_gives_its_bytes_one_by_one_and_in_a_row(offset: int, count: int) -> None:
    assert Master().read(sfp.IDENTITY, offset, count) == sfp.identity()[offset : offset + count]


def test_nobody_acknowledges_another_address() -> None:
    assert Master().read(0xBE, 0, 1) is None


def test_a_reset_gives_the_permanent_mac_back() -> None:
    bench = Bench()
    bench.set(r.receive_address(0), 0x12345678)
    bench.set(r.CTRL, r.CTRL_RESET)
    low, high = (bench.nic.read(r.receive_address(0) + offset) for offset in (0, 4))
    assert low.to_bytes(4, "little") + (high & 0xFFFF).to_bytes(2, "little") == MAC
    assert not bench.nic.read(r.CTRL) & r.CTRL_RESET


def test_the_link_needs_the_cable_and_the_laser() -> None:
    bench = Bench()
    bench.set(r.EIMS, r.CAUSE_LINK)
    assert bench.nic.read(r.LINKS) & r.LINKS_UP
    bench.set(r.ESDP, r.ESDP_LASER_OFF)
    assert not bench.nic.read(r.LINKS) & r.LINKS_UP
    bench.set(r.ESDP, 0)
    bench.nic.set_carrier(is_up=False)
    assert not bench.nic.read(r.LINKS) & r.LINKS_UP
    assert bench.bus.vectors == [0, 0, 0]
    assert bench.nic.read(r.EICR) & r.CAUSE_LINK
