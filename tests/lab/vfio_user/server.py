"""A device behind a socket, in a thread of the test run: it ends with the run."""

import array
import errno
import mmap
import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from tests.lab.vfio_user import message
from tests.lab.vfio_user.configuration_space import LENGTH, Bar, ConfigurationSpace
from tests.lab.vfio_user.device import Device, Host, Interrupts, Wire
from tests.lab.vfio_user.memory import DmaFault, GuestMemory
from tests.lab.vfio_user.message import Command, Request

TICK_S = 0.1
FRAMES_A_TURN = 64
MOST_DESCRIPTORS = 64

T = TypeVar("T")


class Ended(Exception):
    """QEMU has closed the socket."""


class Server:
    """A single thread handles messages, the tap's frames and the clock in turn, so a model needs no locks."""

    def __init__(self, device: Device, wire: Wire, path: Path) -> None:
        self.device = device
        self._wire = wire
        self._configuration = ConfigurationSpace(device.identity, device.bars, device.msix)
        self._bars = {bar.index: bar for bar in device.bars}
        self._shared = {bar.index: _shared_memory(bar) for bar in device.bars if bar.is_mapped}
        views = {
            index: memoryview(mmap.mmap(fd, self._bars[index].length)) for index, fd in self._shared.items()
        }
        self._host = Host(GuestMemory(), Interrupts(device.msix.vectors), wire, views)
        device.attach(self._host)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._wake_read, self._wake_write = os.pipe()
        self._calls: list[Callable[[], None]] = []
        self._is_ending = False
        self.failure: BaseException | None = None
        """What ended the thread before its time."""
        self.refused_accesses = 0
        self._thread = threading.Thread(target=self._run, name=f"{path.name}", daemon=True)

    # ---- from the test's thread ----

    def start(self) -> None:
        self._thread.start()

    def call(self, function: Callable[[], T]) -> T:
        """Run a function in the device's thread: this is how a test inspects a model, or makes it fail."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(function())
            except BaseException as error:  # noqa: BLE001 - it is raised where the call was made
                done.set_exception(error)

        self._calls.append(run)
        os.write(self._wake_write, b"\0")
        return done.result(timeout=60)

    def end(self) -> None:
        self._is_ending = True
        os.write(self._wake_write, b"\0")
        self._thread.join(timeout=10)
        self._listener.close()
        for descriptor in (self._wake_read, self._wake_write, *self._shared.values()):
            os.close(descriptor)

    # ---- the device's thread ----

    def _run(self) -> None:
        try:
            self._listener.settimeout(120)
            connection, _ = self._listener.accept()
            with connection:
                self._serve(connection)
        except Ended:
            pass
        except BaseException as error:  # noqa: BLE001 - shown when the guest ends
            self.failure = error
            raise

    def _serve(self, connection: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ, lambda: self._answer(connection))
            selector.register(self._wire, selectors.EVENT_READ, self._take_frames)
            selector.register(self._wake_read, selectors.EVENT_READ, self._take_calls)
            next_tick = 0.0
            while not self._is_ending:
                for key, _ in selector.select(max(0.0, next_tick - time.monotonic())):
                    key.data()
                if time.monotonic() >= next_tick:
                    self._act(self.device.tick, time.monotonic_ns())
                    next_tick = time.monotonic() + TICK_S

    def _take_calls(self) -> None:
        os.read(self._wake_read, 64)
        while self._calls:
            self._calls.pop(0)()

    def _take_frames(self) -> None:
        for frame in self._wire.frames(FRAMES_A_TURN):
            self._act(self.device.receive, frame)

    def _act(self, act: Callable[[T], None], cause: T) -> None:
        """What the device does unasked. A program that ends unmaps its memory before the kernel resets the
        device: the IOMMU refuses any further writes of the device, and the device carries on."""
        try:
            act(cause)
        except DmaFault:
            self.refused_accesses += 1

    def _answer(self, connection: socket.socket) -> None:
        request = receive(connection)
        try:
            payload, descriptors = self._perform(request)
            answer = message.reply(request, payload)
        except OSError as error:
            answer, descriptors = message.refusal(request, error.errno or errno.EIO), ()
        if request.wants_reply:
            socket.send_fds(connection, [answer], descriptors)

    def _perform(self, request: Request) -> tuple[bytes, tuple[int, ...]]:
        """The reply's payload, and file descriptors to send with it."""
        match request.command:
            case Command.VERSION:
                return message.version(request), ()
            case Command.DEVICE_GET_INFO:
                return message.device_info(), ()
            case Command.DEVICE_GET_REGION_INFO:
                return self._region_info(request)
            case Command.DEVICE_GET_IRQ_INFO:
                (index,) = struct.unpack_from("<I", request.payload, 8)
                return message.interrupt_info(
                    index, len(self._host.interrupts) if index == message.MSIX else 0
                ), ()
            case Command.DEVICE_SET_IRQS:
                self._set_interrupts(request)
            case Command.DMA_MAP:
                self._map(request)
            case Command.DMA_UNMAP:
                _, _, start, length = message.DMA_UNMAP.unpack_from(request.payload)
                self._host.memory.unmap(start, length)
                return request.payload[: message.DMA_UNMAP.size], ()
            case Command.REGION_READ:
                return self._read(request), ()
            case Command.REGION_WRITE:
                self._write(request)
                return request.payload[: message.ACCESS.size], ()
            case Command.DEVICE_RESET:
                self.device.reset()
            case _:
                raise OSError(errno.EOPNOTSUPP, f"vfio-user command {request.command}")
        return b"", ()

    def _region_info(self, request: Request) -> tuple[bytes, tuple[int, ...]]:
        (index,) = struct.unpack_from("<I", request.payload, 8)
        if index == message.CONFIGURATION_REGION:
            return message.region_info(index, LENGTH), ()
        if index not in self._bars:
            return message.region_info(index, 0), ()
        shared = (self._shared[index],) if index in self._shared else ()
        return message.region_info(index, self._bars[index].length, is_mappable=bool(shared)), shared

    def _set_interrupts(self, request: Request) -> None:
        _, flags, index, start, count = message.SET_IRQS.unpack_from(request.payload)
        if index != message.MSIX:
            for descriptor in request.descriptors:
                os.close(descriptor)
        elif request.descriptors:
            self._host.interrupts.attach(start, request.descriptors)
        elif flags & message.SET_IRQS_TRIGGER:
            for vector in range(start, start + count) if count else range(len(self._host.interrupts)):
                self._host.interrupts.detach(vector)

    def _map(self, request: Request) -> None:
        _, _, offset, start, length = message.DMA_MAP.unpack_from(request.payload)
        # A region without a descriptor is a ROM or another device's BAR: not memory that a NIC accesses.
        for descriptor in request.descriptors:
            self._host.memory.map(start, length, descriptor, offset)
            os.close(descriptor)

    def _read(self, request: Request) -> bytes:
        offset, region, length = message.ACCESS.unpack_from(request.payload)
        head = request.payload[: message.ACCESS.size]
        if region == message.CONFIGURATION_REGION:
            return head + self._configuration.read(offset, length)
        return head + self.device.read(region, offset, length).to_bytes(length, "little")

    def _write(self, request: Request) -> None:
        offset, region, length = message.ACCESS.unpack_from(request.payload)
        data = request.payload[message.ACCESS.size :]
        if region != message.CONFIGURATION_REGION:
            self.device.write(region, offset, length, int.from_bytes(data, "little"))
            return
        self._configuration.write(offset, data)
        if self._configuration.asks_for_reset(offset, data):
            self.device.reset()


def _shared_memory(bar: Bar) -> int:
    descriptor = os.memfd_create(f"bar{bar.index}")
    os.truncate(descriptor, bar.length)
    return descriptor


def receive(connection: socket.socket) -> Request:
    """The next whole message, with the file descriptors that came with it; Ended at the end of the stream."""
    header, descriptors = _receive_exactly(connection, message.HEADER.size)
    identifier, command, size, flags, _ = message.HEADER.unpack(header)
    payload, later = _receive_exactly(connection, size - message.HEADER.size)
    return Request(identifier, command, payload, not flags & message.NO_REPLY, descriptors + later)


def _receive_exactly(connection: socket.socket, length: int) -> tuple[bytes, tuple[int, ...]]:
    data, descriptors = b"", array.array("i")
    while len(data) < length:
        room = socket.CMSG_SPACE(MOST_DESCRIPTORS * descriptors.itemsize)
        try:
            part, ancillary, _, _ = connection.recvmsg(length - len(data), room)
        except ConnectionResetError:
            raise Ended from None
        if not part:
            raise Ended
        data += part
        for _, _, content in ancillary:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    return data, tuple(descriptors)


@contextmanager
def serve(device: Device, wire: Wire, path: Path) -> Iterator[Server]:
    """A device that waits for QEMU at `path`."""
    server = Server(device, wire, path)
    server.start()
    try:
        yield server
    finally:
        server.end()
        wire.close()
