"""ENA's admin queue: commands as the driver writes them, completions as it reads them (ena_admin_defs.h)."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from tests.lab.vfio_user.device import Host

ENTRY_LENGTH = 64


class Opcode(IntEnum):
    CREATE_SQ = 1
    DESTROY_SQ = 2
    CREATE_CQ = 3
    DESTROY_CQ = 4
    GET_FEATURE = 8
    SET_FEATURE = 9
    GET_STATS = 11


class Status(IntEnum):
    SUCCESS = 0
    UNSUPPORTED_OPCODE = 3
    ILLEGAL_PARAMETER = 5


class Refused(Exception):
    """The device rejects a command."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


@dataclass(frozen=True, slots=True)
class Command:
    raw: bytes

    @property
    def identifier(self) -> int:
        return int.from_bytes(self.raw[0:2], "little") & 0xFFF

    @property
    def opcode(self) -> int:
        return self.raw[2]

    @property
    def control(self) -> tuple[int, int]:
        """Address and length of the control buffer."""
        length, low, high = struct.unpack_from("<IIH", self.raw, 4)
        return low | high << 32, length

    @property
    def feature(self) -> int:
        return self.raw[17]

    @property
    def values(self) -> bytes:
        """The values of SET_FEATURE, unless they are in the control buffer."""
        return self.raw[20:]


@dataclass(slots=True)
class AdminQueue:
    """The submission ring, and the completion ring for its answers."""

    submission: int = 0
    completion: int = 0
    depth: int = 0
    completion_depth: int = 0
    head: int = 0
    answered: int = 0

    def commands(self, host: Host, tail: int) -> list[Command]:
        """What the driver has submitted up to its doorbell."""
        found = []
        while self.head != tail & 0xFFFF and self.depth:
            place = self.submission + (self.head % self.depth) * ENTRY_LENGTH
            found.append(Command(host.memory.read(place, ENTRY_LENGTH)))
            self.head = (self.head + 1) & 0xFFFF
        return found

    def answer(self, host: Host, command: Command, status: Status, response: bytes) -> None:
        phase = 1 - (self.answered // self.completion_depth) % 2
        place = self.completion + (self.answered % self.completion_depth) * ENTRY_LENGTH
        body = struct.pack("<HH", 0, self.head) + response.ljust(ENTRY_LENGTH - 8, b"\0")
        # The phase is written last: a driver that polls reads it first.
        host.memory.write(place + 4, body)
        host.memory.write(place, struct.pack("<HBB", command.identifier, status, phase))
        self.answered += 1


class Group(IntEnum):
    """Groups of asynchronous events."""

    LINK_CHANGE = 0
    FATAL_ERROR = 1
    WARNING = 2
    NOTIFICATION = 3
    KEEP_ALIVE = 4
    CONFIGURATION = 6
    DEVICE_REQUEST_RESET = 7


class Syndrome(IntEnum):
    """Syndromes of notifications."""

    UPDATE_HINTS = 2


@dataclass(slots=True)
class EventQueue:
    """AENQ: events that the device reports unasked."""

    base: int = 0
    depth: int = 0
    sent: int = 0
    head: int = 0
    """The driver's doorbell: so far may `sent` go."""
    enabled: int = 0
    """A bit for each group."""

    def post(self, host: Host, group: Group, syndrome: int = 0, values: bytes = b"") -> bool:
        """False if the driver has not enabled the group, or has left no room."""
        if not self.depth or not self.enabled & 1 << group or self.sent & 0xFFFF == self.head & 0xFFFF:
            return False
        phase = 1 - (self.sent // self.depth) % 2
        place = self.base + (self.sent % self.depth) * ENTRY_LENGTH
        host.memory.write(place + 8, bytes(8) + values.ljust(ENTRY_LENGTH - 16, b"\0"))
        host.memory.write(place, struct.pack("<HHB3x", group, syndrome, phase))
        self.sent += 1
        return True
