"""The adapter: its registers, and the effect of each."""

import struct
from dataclasses import dataclass, field, replace

from tests.lab.ena import checksums
from tests.lab.ena.admin import AdminQueue, Command, EventQueue, Group, Opcode, Refused, Status, Syndrome
from tests.lab.ena.features import Configuration, Limits
from tests.lab.ena.queues import (
    IN_DEVICE_MEMORY,
    RX,
    TX,
    TX_SEGMENTS_TCP,
    CompletionQueue,
    Placement,
    Queues,
    RxVerdict,
    SubmissionQueue,
    fill,
    take_buffers,
    take_packet,
    tx_completion,
)
from tests.lab.ena.rss import udp_port
from tests.lab.vfio_user.configuration_space import Bar, Identity, MsixTable
from tests.lab.vfio_user.device import Host

# ena_regs_defs.h
VERSION, CONTROLLER_VERSION, CAPS = 0x00, 0x04, 0x08
AQ_BASE_LO, AQ_BASE_HI, AQ_CAPS, AQ_DB = 0x10, 0x14, 0x18, 0x2C
ACQ_BASE_LO, ACQ_BASE_HI, ACQ_CAPS = 0x20, 0x24, 0x28
AENQ_CAPS, AENQ_BASE_LO, AENQ_BASE_HI, AENQ_HEAD_DB = 0x34, 0x38, 0x3C, 0x40
INTR_MASK, DEV_CTL, DEV_STS = 0x4C, 0x54, 0x58
MMIO_REG_READ, MMIO_RESP_LO, MMIO_RESP_HI = 0x5C, 0x60, 0x64
STATUS_READY, STATUS_RESETTING = 0x01, 0x08
RESET, RESET_REASON_SHIFT = 0x01, 28

# Arbitrary offsets, which the driver learns when it creates a queue.
DOORBELLS, UNMASKS, LAST_PLACE = 0x1000, 0x2000, 0x3000
REGISTER_BAR, QUEUE_BAR, MSIX_BAR = 0, 2, 4
QUEUE_MEMORY_LENGTH = 0x200000
MANAGEMENT_VECTOR = 0
KEEP_ALIVE_NS = 1_000_000_000


@dataclass(slots=True)
class Counts:
    tx_packets: int = 0
    tx_bytes: int = 0
    rx_packets: int = 0
    rx_bytes: int = 0
    rx_drops: int = 0
    tx_drops: int = 0
    refused_segmentations: int = 0
    """Packets that asked for TSO, which the device does not offer."""
    longest_tx: int = 0
    rx_in_segments: int = 0
    """Frames that took more than one buffer."""


@dataclass(slots=True)
class Metrics:
    """How often the instance's allowances were exceeded (ena_admin_eni_stats)."""

    bw_in: int = 0
    bw_out: int = 0
    pps: int = 0
    conntrack: int = 0
    linklocal: int = 0

    def as_bytes(self) -> bytes:
        return struct.pack("<5Q", self.bw_in, self.bw_out, self.pps, self.conntrack, self.linklocal)


@dataclass(slots=True)
class Faults:
    """Faults that a test injects: counts go down as the faults occur, states end with a reset."""

    keep_alives_stop: bool = False
    admin_is_silent: bool = False
    is_deaf: bool = False
    """Nothing is taken, sent or said; the registers are there."""
    completions_to_withhold: int = 0
    completions_are_wrong: bool = False
    """They name another request within the ring. On every queue: a driver that cleans its rings late may
    never look at the completions of one that sends little."""
    buffers_to_corrupt: int = 0
    """Received frames that name a request beyond the ring."""
    frames_to_drop: int = 0


@dataclass(slots=True)
class Ena:
    mac: bytes
    limits: Limits = field(default_factory=Limits)
    host: Host = field(init=False)
    registers: dict[int, int] = field(default_factory=dict)
    admin: AdminQueue = field(default_factory=AdminQueue)
    events: EventQueue = field(default_factory=EventQueue)
    queues: Queues = field(default_factory=Queues)
    counts: Counts = field(default_factory=Counts)
    metrics: Metrics = field(default_factory=Metrics)
    faults: Faults = field(default_factory=Faults)
    reset_reasons: list[int] = field(default_factory=list)
    """Each reset that a driver has asked for, and why (ena_regs_reset_reason_types)."""
    has_been_heard: bool = False
    """When it asked for a reset: whether the driver has subscribed to that event."""
    is_link_up: bool = True
    most_in_a_buffer: int = 0x4000
    """Bytes; a longer frame arrives in several."""
    queues_of_ports: dict[int, set[int]] = field(default_factory=dict)
    """By UDP destination port: the receive queues, as the driver counts them, of its datagrams."""
    configuration: Configuration = field(init=False)
    _is_resetting: bool = False
    _next_keep_alive_ns: int = 0

    identity = Identity(0x1D0F, 0xEC20, 0x1D0F, 0xEC20)
    bars = (
        Bar(REGISTER_BAR, 0x4000),
        Bar(QUEUE_BAR, QUEUE_MEMORY_LENGTH, is_prefetchable=True, is_mapped=True),
        Bar(MSIX_BAR, 0x1000),
    )
    msix = MsixTable(vectors=9, bar=MSIX_BAR, table_offset=0, pending_offset=0x800)

    def __post_init__(self) -> None:
        self.configuration = Configuration(self.mac, self.limits)

    def attach(self, host: Host) -> None:
        self.host = host

    def reset(self) -> None:
        self.registers.clear()
        self.admin, self.events = AdminQueue(), EventQueue()
        self.queues.clear()
        self.configuration = Configuration(self.mac, self.limits)
        self.faults.keep_alives_stop = self.faults.admin_is_silent = self.faults.is_deaf = False
        self.faults.completions_are_wrong = False

    # ---- registers ----

    def read(self, bar: int, offset: int, length: int) -> int:
        return self._register(offset) if bar == REGISTER_BAR else 0

    def _register(self, offset: int) -> int:
        # ENA 2.0; controller version 0.0.2; 48 bits of address. Resets complete within 3.1 s, the longest
        # that the field holds; admin commands get no time-out, so a driver waits 3 s: more than the 1.5 s
        # that the field holds.
        fixed = {VERSION: 0x0200, CONTROLLER_VERSION: 0x00000002, CAPS: 31 << 1 | 48 << 8}
        if offset == DEV_STS:
            return STATUS_READY | (STATUS_RESETTING if self._is_resetting else 0)
        return fixed.get(offset, self.registers.get(offset, 0))

    def write(self, bar: int, offset: int, length: int, value: int) -> None:
        if bar != REGISTER_BAR:
            return
        if offset >= LAST_PLACE:
            return
        if offset >= UNMASKS:
            self._unmask((offset - UNMASKS) // 4, value)
        elif offset >= DOORBELLS:
            self._ring((offset - DOORBELLS) // 4, value)
        else:
            self.registers[offset] = value
            self._act(offset, value)

    def _act(self, offset: int, value: int) -> None:
        if offset == MMIO_REG_READ:
            self._answer_read(value)
        elif offset == DEV_CTL:
            self._control(value)
        elif offset in (AQ_CAPS, ACQ_CAPS):
            self.admin.submission = self._address(AQ_BASE_LO)
            self.admin.completion = self._address(ACQ_BASE_LO)
            self.admin.depth = self.registers.get(AQ_CAPS, 0) & 0xFFFF
            self.admin.completion_depth = self.registers.get(ACQ_CAPS, 0) & 0xFFFF
        elif offset == AENQ_CAPS:
            self.events.base, self.events.depth = self._address(AENQ_BASE_LO), value & 0xFFFF
        elif offset == AENQ_HEAD_DB:
            is_first, self.events.head = self.events.head == 0, value
            if is_first:
                self._say_link()
        elif offset == AQ_DB:
            self._obey(value)

    def _address(self, low: int) -> int:
        return self.registers.get(low, 0) | self.registers.get(low + 4, 0) << 32

    def _answer_read(self, request: int) -> None:
        """A read without a read: the value is written to the guest's memory."""
        if place := self._address(MMIO_RESP_LO):
            register = request >> 16
            answer = struct.pack("<HI", register, self._register(register))
            self.host.memory.write(place + 2, answer)
            self.host.memory.write(place, struct.pack("<H", request & 0xFFFF))

    def _control(self, value: int) -> None:
        if value & RESET:
            self.reset_reasons.append(value >> RESET_REASON_SHIFT)
            self.reset()
        self._is_resetting = bool(value & RESET)

    # ---- admin commands ----

    def _obey(self, tail: int) -> None:
        for command in self.admin.commands(self.host, tail):
            if self.faults.admin_is_silent or self.faults.is_deaf:
                continue
            try:
                status, response = Status.SUCCESS, self._perform(command)
            except Refused as refusal:
                status, response = refusal.status, b""
            self.admin.answer(self.host, command, status, response)
        self._signal_management()

    def _signal_management(self) -> None:
        if not self.registers.get(INTR_MASK, 0) & 1:
            self.host.interrupts.raise_interrupt(MANAGEMENT_VECTOR)

    def _perform(self, command: Command) -> bytes:
        match command.opcode:
            case Opcode.CREATE_CQ:
                return self._create_completion(command)
            case Opcode.CREATE_SQ:
                return self._create_submission(command)
            case Opcode.DESTROY_CQ:
                self.queues.completion.pop(int.from_bytes(command.raw[4:6], "little"), None)
            case Opcode.DESTROY_SQ:
                self.queues.submission.pop(int.from_bytes(command.raw[4:6], "little"), None)
            case Opcode.GET_FEATURE:
                return self.configuration.get(command, self.host)
            case Opcode.SET_FEATURE:
                self.configuration.set(command, self.host)
                had, self.events.enabled = self.events.enabled, self.configuration.enabled_groups
                if self.events.enabled & ~had & 1 << Group.LINK_CHANGE:
                    self._say_link()
            case Opcode.GET_STATS:
                return self._statistics(command.raw[16])
            case _:
                raise Refused(Status.UNSUPPORTED_OPCODE)
        return b""

    def _create_completion(self, command: Command) -> bytes:
        kind, words, depth, vector, low, high = struct.unpack_from("<BBHIIH", command.raw, 4)
        index = next(number for number in range(64) if number not in self.queues.completion)
        self.queues.completion[index] = CompletionQueue(
            index, low | high << 32, depth, (words & 0x1F) * 4, vector, has_interrupts=bool(kind & 0x20)
        )
        return struct.pack("<HHIII", index, depth, 0, 0, UNMASKS + 4 * index)

    def _create_submission(self, command: Command) -> bytes:
        identity, _, caps, _, completion, depth, low, high = struct.unpack_from("<BBBBHHIH", command.raw, 4)
        if completion not in self.queues.completion:
            raise Refused(Status.ILLEGAL_PARAMETER)
        index = next(number for number in range(64) if number not in self.queues.submission)
        placement = Placement(low | high << 32, is_in_device=False)
        if caps & 0xF == IN_DEVICE_MEMORY:
            share = QUEUE_MEMORY_LENGTH // (2 * self.limits.most_queues)
            line = self.configuration.line_length
            before_header = self.configuration.descriptors_before_header
            placement = Placement(index * share, True, line, before_header)
        self.queues.submission[index] = SubmissionQueue(
            index, identity >> 5, depth, placement, self.queues.completion[completion]
        )
        llq_offset = placement.address if placement.is_in_device else 0
        return struct.pack("<HHIII", index, 0, DOORBELLS + 4 * index, llq_offset, 0)

    def _statistics(self, kind: int) -> bytes:
        basic, metrics = 0, 2
        if kind == metrics:
            return self.metrics.as_bytes()
        if kind != basic:
            raise Refused(Status.UNSUPPORTED_OPCODE)
        found = self.counts
        sent, received = (found.tx_bytes, found.tx_packets), (found.rx_bytes, found.rx_packets)
        return struct.pack("<6Q", *sent, *received, found.rx_drops, found.tx_drops)

    # ---- frames ----

    def _ring(self, index: int, tail: int) -> None:
        queue = self.queues.submission.get(index)
        if queue is None:
            return
        queue.tail = tail & 0xFFFF
        if queue.direction == TX and not self.faults.is_deaf:
            self._transmit(queue)

    def _unmask(self, index: int, value: int) -> None:
        if value & 1 << 30 and index in self.queues.completion:
            self.queues.unmask(self.queues.completion[index], self.host)

    def _transmit(self, queue: SubmissionQueue) -> None:
        while (packet := take_packet(queue, self.host)) is not None:
            if packet.offloads & TX_SEGMENTS_TCP:
                self.counts.refused_segmentations += 1
            elif self.is_link_up:
                checksums.complete(packet)
                self.host.wire.send(bytes(packet.frame))
                self.counts.tx_packets += 1
                self.counts.tx_bytes += len(packet.frame)
                self.counts.longest_tx = max(self.counts.longest_tx, len(packet.frame))
            self._complete(queue, packet.request)
        self.queues.signal(queue.completion, self.host)

    def _complete(self, queue: SubmissionQueue, request: int) -> None:
        if self.faults.completions_to_withhold:
            self.faults.completions_to_withhold -= 1
            return
        if self.faults.completions_are_wrong:
            request = (request + queue.depth // 2) % queue.depth
        queue.completion.post(self.host, tx_completion(queue, request))

    def receive(self, frame: bytes) -> None:
        if self.faults.is_deaf or not self.is_link_up or not self._is_ours(frame):
            return
        if self.faults.frames_to_drop:
            self.faults.frames_to_drop -= 1
            self.metrics.bw_in += 1
            self.counts.rx_drops += 1
            return
        # On a wire the NIC pads a frame to Ethernet's 60 bytes; a frame from a tap is not padded.
        frame = frame.ljust(60, b"\0")
        flow = self.configuration.rss.hash_of(frame)
        queue = self.receiver(flow)
        verdict = RxVerdict(checksums.rx_status(frame), flow)
        buffers = [] if queue is None else take_buffers(queue, self.host, len(frame), self.most_in_a_buffer)
        if queue is None or not buffers:
            self.counts.rx_drops += 1
            return
        if self.faults.buffers_to_corrupt:
            self.faults.buffers_to_corrupt -= 1
            buffers[0] = replace(buffers[0], request=queue.depth)
        fill(queue, self.host, buffers, frame, verdict)
        if (port := udp_port(frame)) is not None:
            self.queues_of_ports.setdefault(port, set()).add(self.queues.receivers().index(queue))
        self.counts.rx_in_segments += len(buffers) > 1
        self.counts.rx_packets += 1
        self.counts.rx_bytes += len(frame)
        self.queues.signal(queue.completion, self.host)

    def _is_ours(self, frame: bytes) -> bool:
        """No promiscuous mode: a VPC delivers only the adapter's own frames, and those of groups."""
        return frame[:6] == self.mac or bool(frame[0] & 1)

    def receiver(self, flow: int) -> SubmissionQueue | None:
        """The queue for a hash value."""
        chosen = self.configuration.rss.choose(flow)
        queue = self.queues.submission.get(chosen) if chosen is not None else None
        if queue is not None and queue.direction == RX:
            return queue
        return next(iter(self.queues.receivers()), None)

    # ---- what the device reports unasked ----

    def tick(self, now_ns: int) -> None:
        if now_ns < self._next_keep_alive_ns:
            return
        self._next_keep_alive_ns = now_ns + KEEP_ALIVE_NS
        if not self.faults.keep_alives_stop and not self.faults.is_deaf:
            self._say(Group.KEEP_ALIVE, struct.pack("<QQ", self.counts.rx_drops, self.counts.tx_drops))

    def ask_for_a_reset(self) -> None:
        """The device is in trouble: it says so to a driver that has enabled such events, and then does
        nothing more (amzn-drivers, ena_admin_device_request_reset())."""
        self.has_been_heard = self._say(Group.DEVICE_REQUEST_RESET, b"")
        self.faults.is_deaf = True

    def hint(self, watchdog_timeout_ms: int) -> bool:
        """Sends a new keep-alive timeout (ena_admin_ena_hw_hints), with no other hints. Returns whether
        the driver has enabled such events."""
        return self._say(
            Group.NOTIFICATION, struct.pack("<8H", 0, watchdog_timeout_ms, *[0] * 6), Syndrome.UPDATE_HINTS
        )

    def complain(self, code: int) -> bool:
        """Complains about the driver's configuration (ena_admin_aenq_conf_notifications_desc)."""
        return self._say(Group.CONFIGURATION, struct.pack("<Q", 1 << code - 1))

    def set_link(self, *, is_up: bool) -> None:
        self.is_link_up = is_up
        self._say_link()

    def _say_link(self) -> None:
        self._say(Group.LINK_CHANGE, struct.pack("<I", self.is_link_up))

    def _say(self, group: Group, values: bytes, syndrome: int = 0) -> bool:
        """Returns whether the driver has enabled such events."""
        is_heard = self.events.post(self.host, group, syndrome, values)
        if is_heard:
            self._signal_management()
        return is_heard
