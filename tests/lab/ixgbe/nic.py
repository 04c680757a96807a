"""The 82599 as a whole: its register file, its link, and the path of a frame through it."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.ixgbe import eeprom, filters
from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe import statistics as s
from tests.lab.ixgbe.bus import Bus
from tests.lab.ixgbe.interrupts import Interrupts
from tests.lab.ixgbe.packet import UDP, dissect
from tests.lab.ixgbe.receive import Arrival, Outcome, ReceiveRings
from tests.lab.ixgbe.sfp import Module
from tests.lab.ixgbe.statistics import Statistics
from tests.lab.ixgbe.transmit import TransmitRings

PACKET_BUFFER = 512 << 10
"""Bytes that wait for descriptors; one frame that has none stops all behind it."""
LONGEST_FRAME = 1518
SMALLEST_FRAME = 60
VLAN_TAG = 4
AT_RESET = {
    r.MAXFRS: LONGEST_FRAME << 16,
    r.HLREG0: r.HLREG0_CRC_STRIP | r.HLREG0_PAD | 1,
    r.AUTOC: 0xC09C6004,  # 10G serial, SFI
    r.AUTOC2: 0x000A0000,
    r.ANLP1: 0x00010000,  # auto-negotiation has left its first state
    r.RDRXCTL: r.RDRXCTL_DMA_IDLE,
    r.RXPBSIZE: PACKET_BUFFER,
    r.SECTXSTAT: r.SECURITY_READY | r.SECURITY_OFF,
    r.SECRXSTAT: r.SECURITY_READY | r.SECURITY_OFF,
    r.FWSM: r.FWSM_VALID,  # firmware runs, but manages nothing
    r.FDIRCTRL: 0,
}


@dataclass
class Nic:
    """`mac`: in the first receive address after each reset, as the EEPROM would load it."""

    bus: Bus
    mac: bytes
    has_carrier: bool = True
    registers: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.words = eeprom.image()
        self.wires = eeprom.Wires(self.words)
        self.module = Module()
        self.statistics = Statistics(self.registers)
        self.flows = filters.FlowDirector()
        self.interrupts = Interrupts(self.bus.interrupt)
        self.rx = ReceiveRings(self.bus, self.registers)
        self.tx = TransmitRings(self.bus, self.registers, self.statistics.sent)
        self.delivered: Counter[int] = Counter()
        """Frames by queue, since the model began."""
        self.dropped = 0
        """Frames, by queues that had no descriptor and may drop."""
        self.queues_of_ports: defaultdict[int, set[int]] = defaultdict(set)
        """By UDP destination port: the queues that its datagrams went into."""
        self._waiting: deque[Arrival] = deque()
        self._waiting_bytes = 0
        self._effects = self._effects_by_address()
        self.reset()

    def reset(self) -> None:
        """The state after power-up, except for the cable."""
        self.registers.clear()
        self.registers.update(AT_RESET)
        self.registers[r.receive_address(0)] = int.from_bytes(self.mac[:4], "little")
        self.registers[r.receive_address(0) + 4] = r.RAH_VALID | int.from_bytes(self.mac[4:], "little")
        self.statistics.reset()
        self.flows.flows.clear()
        self.interrupts = Interrupts(self.bus.interrupt)
        self.tx.reset()
        self._waiting.clear()
        self._waiting_bytes = 0

    # ---- the cable ----

    @property
    def is_link_up(self) -> bool:
        return self.has_carrier and not self.registers.get(r.ESDP, 0) & r.ESDP_LASER_OFF

    def set_carrier(self, *, is_up: bool) -> None:
        """The cable is plugged in or pulled."""
        if is_up != self.has_carrier:
            self.has_carrier = is_up
            self._link_changed()

    def _link_changed(self) -> None:
        self.interrupts.other(r.CAUSE_LINK)
        if self.is_link_up:
            for queue in range(r.QUEUES):
                self._run_transmit(queue)

    def receive(self, frame: bytes) -> None:
        """A frame from the cable, without its CRC."""
        if not self.is_link_up or not self.registers.get(r.RXCTRL, 0) & r.RXCTRL_ENABLE:
            return
        frame = frame.ljust(SMALLEST_FRAME, b"\0")
        self.statistics.on_the_wire(frame)
        headers = dissect(frame)
        if len(frame) + s.CRC > self._longest(is_tagged=headers.vlan is not None):
            self.statistics.add(s.TOO_LONG)
            return
        if not filters.takes(frame, headers, self.registers):
            return
        self.statistics.received(frame)
        arrival = self._classified(frame)
        if arrival is None:
            return
        if self._waiting:
            self._wait(arrival)
        elif not self._place(arrival):
            self._wait(arrival)

    def _longest(self, *, is_tagged: bool) -> int:
        is_jumbo = self.registers.get(r.HLREG0, 0) & r.HLREG0_JUMBO
        longest = self.registers.get(r.MAXFRS, 0) >> 16 if is_jumbo else LONGEST_FRAME
        return longest + (VLAN_TAG if is_tagged else 0)

    def _classified(self, frame: bytes) -> Arrival | None:
        """The queue: 5-tuples before flow director before RSS. None: a filter drops it."""
        headers = dissect(frame)
        rss_hash, rss_type = filters.rss(frame, headers, self.registers)
        queue = filters.five_tuple_queue(frame, headers, self.registers)
        flow = None
        if queue is None and headers.has_ports and self.flows.flows:
            flow = self.flows.match(headers, self.registers)
            self.statistics.add(r.FDIRMISS if flow is None else r.FDIRMATCH)
            if flow is not None and flow.is_drop:
                return None
        if flow is not None:
            queue = flow.queue
        if queue is None:
            queue = filters.redirection(rss_hash, self.registers) if rss_type else 0
        return Arrival(frame, headers, queue, rss_hash, rss_type, flow is not None)

    def _place(self, arrival: Arrival) -> bool:
        """Whether the frame is done: it no longer has to wait."""
        outcome = self.rx.place(arrival)
        if outcome is Outcome.STORED:
            self.statistics.delivered(arrival.queue, arrival.frame)
            self.delivered[arrival.queue] += 1
            if arrival.headers.protocol == UDP and arrival.headers.has_ports:
                self.queues_of_ports[arrival.headers.destination_port].add(arrival.queue)
            self.interrupts.queue(arrival.queue, is_tx=False)
        elif outcome is Outcome.DROPPED:
            self.statistics.dropped(arrival.queue)
            self.dropped += 1
        return outcome is not Outcome.NO_DESCRIPTORS

    def _wait(self, arrival: Arrival) -> None:
        if self._waiting_bytes + len(arrival.frame) > PACKET_BUFFER:
            self.statistics.add(s.MISSED)
            return
        self._waiting.append(arrival)
        self._waiting_bytes += len(arrival.frame)

    def _drain(self) -> None:
        while self._waiting and self._place(self._waiting[0]):
            self._waiting_bytes -= len(self._waiting.popleft().frame)

    def _run_transmit(self, queue: int) -> None:
        if self.is_link_up and self.tx.run(queue):
            self.interrupts.queue(queue, is_tx=True)

    # ---- registers ----

    def read(self, address: int) -> int:
        """A 32-bit register. Reading may take a semaphore or clear a counter."""
        found = self.interrupts.read(address)
        if found is None:
            found = self.statistics.read(address)
        if found is not None:
            return found
        value = self.registers.get(address, 0)
        if address == r.STATUS:
            return 0 if self.registers.get(r.CTRL, 0) & r.CTRL_GIO_DISABLE else r.STATUS_GIO
        if address == r.LINKS:
            return r.LINKS_UP | r.LINKS_10G if self.is_link_up else 0
        if address == r.I2CCTL:
            return self.module.lines()
        if address == r.EEC:
            return self.wires.read()
        if address == r.ESDP:
            return value | r.ESDP_MODULE_PRESENT
        if address == r.SWSM:
            self.registers[r.SWSM] = value | r.SWSM_DRIVER
        return value

    def write(self, address: int, value: int) -> None:
        if self.interrupts.write(address, value):
            return
        effect = self._effects.get(address)
        if effect is None:
            self.registers[address] = value
        else:
            effect(value)

    def _effects_by_address(self) -> dict[int, Callable[[int], None]]:
        """Registers where a write does more than store the value."""
        effects: dict[int, Callable[[int], None]] = {
            r.CTRL: self._write_control,
            r.ESDP: self._write_pins,
            r.I2CCTL: self.module.drive,
            r.EEC: self.wires.write,
            r.EERD: self._read_eeprom,
            r.MSCA: self._command_phy,
            r.AUTOC: lambda value: self._store(r.AUTOC, value & ~r.AUTOC_RESTART),
            r.FDIRCTRL: lambda value: self._store(r.FDIRCTRL, value | r.FDIRCTRL_INIT_DONE),
            r.FDIRCMD: lambda value: self._store(r.FDIRCMD, self.flows.command(self.registers, value)),
            r.RXCTRL: self._write_receive_control,
        }
        for queue in range(r.QUEUES):
            effects[r.rx(queue, r.TAIL)] = self._receive_tail(queue)
            effects[r.tx(queue, r.TAIL)] = self._transmit_tail(queue)
            for control in (r.rx(queue, r.CONTROL), r.tx(queue, r.CONTROL)):
                effects[control] = self._queue_control(control)
        return effects

    def _store(self, address: int, value: int) -> None:
        self.registers[address] = value

    def _write_control(self, value: int) -> None:
        if value & (r.CTRL_RESET | r.CTRL_LINK_RESET):
            self.reset()
        else:
            self._store(r.CTRL, value)

    def _write_pins(self, value: int) -> None:
        was_up = self.is_link_up
        self._store(r.ESDP, value)
        if self.is_link_up != was_up:
            self._link_changed()

    def _read_eeprom(self, value: int) -> None:
        if value & r.EERD_START:
            word = self.words[(value >> 2 & 0x3FFF) % len(self.words)]
            self._store(r.EERD, word << 16 | value & 0xFFFC | r.EERD_DONE)

    def _command_phy(self, value: int) -> None:
        """The MDIO bus has no devices: every read returns ones."""
        self._store(r.MSCA, value & ~r.MSCA_COMMAND)
        self._store(r.MSRWD, 0xFFFF0000)

    def _write_receive_control(self, value: int) -> None:
        self._store(r.RXCTRL, value)
        if not value & r.RXCTRL_ENABLE:
            self._waiting.clear()
            self._waiting_bytes = 0

    def _receive_tail(self, queue: int) -> Callable[[int], None]:
        def write(value: int) -> None:
            self._store(r.rx(queue, r.TAIL), value)
            self._drain()

        return write

    def _transmit_tail(self, queue: int) -> Callable[[int], None]:
        def write(value: int) -> None:
            self._store(r.tx(queue, r.TAIL), value)
            self._run_transmit(queue)

        return write

    def _queue_control(self, address: int) -> Callable[[int], None]:
        return lambda value: self._store(address, value & ~r.QUEUE_FLUSH)
