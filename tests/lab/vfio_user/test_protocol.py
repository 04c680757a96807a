"""The device end of vfio-user, driven as QEMU would drive it."""

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab.vfio_user import message
from tests.lab.vfio_user.configuration_space import (
    BAR_0,
    COMMAND,
    DEVICE_CONTROL,
    Bar,
    ConfigurationSpace,
    Identity,
    MsixTable,
)
from tests.lab.vfio_user.device import Host
from tests.lab.vfio_user.memory import DmaFault, GuestMemory
from tests.lab.vfio_user.message import Command
from tests.lab.vfio_user.server import TICK_S, Server
from tests.system.fixtures.testbed import eventually

IDENTITY = Identity(0x1D0F, 0xEC20)
BARS = (Bar(0, 0x4000), Bar(2, 0x10000, is_prefetchable=True, is_mapped=True))
MSIX = MsixTable(vectors=4, bar=0, table_offset=0x2000, pending_offset=0x3000)


class NoTap:
    """A port without a cable."""

    def __init__(self) -> None:
        self._ends = os.pipe()

    def fileno(self) -> int:
        return self._ends[0]

    def send(self, frame: bytes) -> None: ...

    def frames(self, most: int) -> Iterator[bytes]:
        yield from ()

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


class Registers:
    """A device that remembers everything written to it."""

    identity, bars, msix = IDENTITY, BARS, MSIX

    def __init__(self) -> None:
        self.values: dict[tuple[int, int], int] = {}
        self.resets = 0
        self.host: Host | None = None

    def attach(self, host: Host) -> None:
        self.host = host

    def reset(self) -> None:
        self.resets += 1

    def read(self, bar: int, offset: int, length: int) -> int:
        return self.values.get((bar, offset), 0)

    def write(self, bar: int, offset: int, length: int, value: int) -> None:
        self.values[bar, offset] = value

    def receive(self, frame: bytes) -> None: ...

    def tick(self, now_ns: int) -> None: ...


class Talkative(Registers):
    """A device that writes to the host at each tick."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks = 0

    def tick(self, now_ns: int) -> None:
        assert self.host is not None
        self.ticks += 1
        self.host.memory.write(0x10000, b"alive")


class Client:
    """QEMU's side of the conversation."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self.received: list[int] = []

    def ask(self, command: int, payload: bytes = b"", descriptors: tuple[int, ...] = ()) -> tuple[int, bytes]:
        """The reply's error number and payload."""
        head = message.HEADER.pack(7, command, message.HEADER.size + len(payload), 0, 0)
        socket.send_fds(self._socket, [head + payload], descriptors)
        data, self.received, _, _ = socket.recv_fds(self._socket, 4096, 8)
        identifier, answered, size, flags, error = message.HEADER.unpack_from(data)
        assert (identifier, answered, size) == (7, command, len(data))
        assert flags & message.REPLY
        return error, data[message.HEADER.size :]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def registers() -> Registers:
    return Registers()


@pytest.fixture
def client(registers: Registers, tmp_path: Path) -> Iterator[Client]:
    tap = NoTap()
    server = Server(registers, tap, tmp_path / "device")
    server.start()
    client = Client(tmp_path / "device")
    yield client
    client.close()
    server.end()
    tap.close()
    assert server.failure is None


def access(offset: int, region: int, length: int, data: bytes = b"") -> bytes:
    return message.ACCESS.pack(offset, region, length) + data


def test_the_version_is_the_clients_own(client: Client) -> None:
    error, answer = client.ask(Command.VERSION, struct.pack("<HH", 0, 3) + b"{}\0")
    assert (error, answer[:4]) == (0, struct.pack("<HH", 0, 3))
    assert answer.endswith(b"\0")


def test_a_mapped_bar_comes_with_its_memory(client: Client, registers: Registers) -> None:
    query = struct.pack("<IIIIQQ", 32, 0, 2, 0, 0, 0)
    error, answer = client.ask(Command.DEVICE_GET_REGION_INFO, query)
    assert error == 0
    assert answer == struct.pack("<IIIIQQ", 32, 7, 2, 0, 0x10000, 0)
    (shared,) = client.received
    os.pwrite(shared, b"descriptor", 0x40)
    os.close(shared)
    assert registers.host is not None
    assert bytes(registers.host.mapped[2][0x40:0x4A]) == b"descriptor"


def test_a_register_keeps_what_is_written(client: Client) -> None:
    client.ask(Command.REGION_WRITE, access(0x10, 0, 4, struct.pack("<I", 0xDEADBEEF)))
    error, answer = client.ask(Command.REGION_READ, access(0x10, 0, 4))
    assert (error, answer[16:]) == (0, struct.pack("<I", 0xDEADBEEF))


def test_an_interrupt_reaches_its_eventfd_and_a_detached_one_does_not(
    client: Client, registers: Registers
) -> None:
    eventfd = os.eventfd(0, os.EFD_NONBLOCK)
    setting = message.SET_IRQS.pack(20, 0x24, message.MSIX, 2, 1)
    assert client.ask(Command.DEVICE_SET_IRQS, setting, (eventfd,))[0] == 0
    assert registers.host is not None
    registers.host.interrupts.raise_interrupt(2)
    registers.host.interrupts.raise_interrupt(1)
    assert os.eventfd_read(eventfd) == 1
    assert client.ask(Command.DEVICE_SET_IRQS, message.SET_IRQS.pack(20, 0x21, message.MSIX, 2, 1))[0] == 0
    registers.host.interrupts.raise_interrupt(2)
    with pytest.raises(BlockingIOError):
        os.eventfd_read(eventfd)
    os.close(eventfd)


def test_a_function_level_reset_resets_the_device(client: Client, registers: Registers) -> None:
    write = access(DEVICE_CONTROL, message.CONFIGURATION_REGION, 2, struct.pack("<H", 0x8000))
    assert client.ask(Command.REGION_WRITE, write)[0] == 0
    assert registers.resets == 1


def test_an_unknown_command_is_refused(client: Client) -> None:
    assert client.ask(99)[0] == 95


def test_guest_memory_is_read_and_written_across_mappings(client: Client, registers: Registers) -> None:
    shared = os.memfd_create("guest")
    os.truncate(shared, 0x4000)
    for start, offset in ((0x10000, 0x3000), (0x11000, 0x1000)):
        mapping = message.DMA_MAP.pack(32, 3, offset, start, 0x1000)
        assert client.ask(Command.DMA_MAP, mapping, (shared,))[0] == 0
    assert registers.host is not None
    registers.host.memory.write(0x10FFE, b"abcd")
    assert registers.host.memory.read(0x10FFE, 4) == b"abcd"
    assert (os.pread(shared, 2, 0x3FFE), os.pread(shared, 2, 0x1000)) == (b"ab", b"cd")
    assert client.ask(Command.DMA_UNMAP, message.DMA_UNMAP.pack(24, 0, 0x11000, 0x1000))[0] == 0
    with pytest.raises(DmaFault):
        registers.host.memory.read(0x10FFE, 4)
    os.close(shared)


def test_memory_that_nobody_mapped_is_a_fault() -> None:
    with pytest.raises(DmaFault, match="0x1000"):
        GuestMemory().read(0x1000, 1)


def test_a_device_that_writes_where_nothing_is_mapped_is_refused_and_goes_on(tmp_path: Path) -> None:
    tap, device = NoTap(), Talkative()
    server = Server(device, tap, tmp_path / "device")
    server.start()
    client = Client(tmp_path / "device")
    eventually(lambda: server.call(lambda: device.ticks) > 1, "it ticks on", 100 * TICK_S)
    assert server.call(lambda: server.refused_accesses) > 1
    client.close()
    server.end()
    tap.close()
    assert server.failure is None


def test_a_bar_tells_its_size_when_all_ones_are_written() -> None:
    space = ConfigurationSpace(IDENTITY, BARS, MSIX)
    space.write(BAR_0, b"\xff" * 8)
    assert struct.unpack("<Q", space.read(BAR_0, 8)) == (2**64 - 0x4000 | 0x4,)
    space.write(BAR_0 + 8, b"\xff" * 8)
    assert struct.unpack("<Q", space.read(BAR_0 + 8, 8)) == (2**64 - 0x10000 | 0xC,)


def test_the_capability_list_is_power_msix_express() -> None:
    space = ConfigurationSpace(IDENTITY, BARS, MSIX)
    found, at = [], space.read(0x34, 1)[0]
    while at:
        found.append(space.read(at, 1)[0])
        at = space.read(at + 1, 1)[0]
    assert found == [0x01, 0x11, 0x10]


def test_the_identity_cannot_be_overwritten() -> None:
    space = ConfigurationSpace(IDENTITY, BARS, MSIX)
    space.write(0, b"\0" * 4)
    space.write(COMMAND, struct.pack("<H", 0x0006))
    assert space.read(0, 4) == struct.pack("<HH", 0x1D0F, 0xEC20)
    assert space.read(COMMAND, 2) == struct.pack("<H", 0x0006)
