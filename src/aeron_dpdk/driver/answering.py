"""The Unix socket on which a running driver answers the tools: one line of JSON in, one out.

The driver's user and group may open it. What they send cannot stop the control loop: nothing here blocks, and
everything is bounded: the number of conversations, their length, their time, and steps per second.
"""

import json
import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aeron_dpdk.control.rate import NANOSECONDS, NEVER_NS, Every
from aeron_dpdk.observe.request import SOCKET_NAME

MODE = 0o660
BACKLOG = 16
MAX_CONVERSATIONS = 8
MAX_REQUEST_BYTES = 1 << 17  # a capture filter of 4096 instructions, as text
RECEIVE_BYTES = 1 << 14
STEP_PERIOD_NS = NANOSECONDS // 100
CONVERSATION_NS = 2 * NANOSECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """`descriptors` are sent with it; with `on_hang_up`, the other side ends the conversation."""

    text: str
    descriptors: tuple[int, ...] = ()
    on_hang_up: Callable[[], None] | None = None


Answerer = Callable[[dict[str, Any]], Answer]


@dataclass(slots=True)
class _Conversation:
    connection: socket.socket
    deadline_ns: int
    request: bytearray = field(default_factory=bytearray)
    unsent: memoryview | None = None
    descriptors: tuple[int, ...] = ()
    on_hang_up: Callable[[], None] | None = None

    @property
    def end_ns(self) -> int:
        """When it ends, whatever the other side does."""
        is_held = self.on_hang_up is not None and not self.unsent
        return NEVER_NS if is_held else self.deadline_ns

    @property
    def awaited(self) -> int:
        """The epoll event that it waits for."""
        return select.EPOLLOUT if self.unsent else select.EPOLLIN

    def go_on(self, answer: Answerer, now_ns: int) -> bool:
        """Receives or sends what is possible now. False once the conversation is over. Raises OSError if the
        other side is gone."""
        if self.unsent is None:
            is_whole = self._receive()
            if not is_whole:
                return now_ns < self.deadline_ns and len(self.request) <= MAX_REQUEST_BYTES
            self._take(answer(_parse(self.request)))
        if self.unsent:
            self._send()
            return now_ns < self.deadline_ns if self.unsent else self.on_hang_up is not None
        return self._is_held()

    def close(self) -> None:
        self.connection.close()
        if self.on_hang_up is not None:
            self.on_hang_up()

    def _receive(self) -> bool:
        with suppress(BlockingIOError):
            received = self.connection.recv(RECEIVE_BYTES)
            if not received:
                raise ConnectionResetError
            self.request += received
        return self.request.endswith(b"\n")

    def _take(self, answer: Answer) -> None:
        self.unsent = memoryview(answer.text.encode() + b"\n")
        self.descriptors = answer.descriptors
        self.on_hang_up = answer.on_hang_up

    def _send(self) -> None:
        assert self.unsent is not None
        with suppress(BlockingIOError):
            if self.descriptors:
                sent = socket.send_fds(self.connection, [self.unsent], list(self.descriptors))
                self.descriptors = ()
            else:
                sent = self.connection.send(self.unsent)
            self.unsent = self.unsent[sent:]

    def _is_held(self) -> bool:
        with suppress(BlockingIOError):
            return bool(self.connection.recv(RECEIVE_BYTES))
        return True


def _parse(line: bytearray) -> dict[str, Any]:
    """An empty dictionary for anything that is not a request."""
    with suppress(ValueError, RecursionError):
        request = json.loads(line)
        if isinstance(request, dict):
            return request
    return {}


class Answering:
    """A chore of the control loop. `fileno()` is readable when there is something to do before it is due.
    Raises OSError if the socket cannot be made."""

    def __init__(self, directory: Path, answer: Answerer) -> None:
        self._answer = answer
        self._place = os.open(directory, os.O_PATH | os.O_DIRECTORY)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        self._conversations: list[_Conversation] = []
        self._due = Every(STEP_PERIOD_NS)
        self._ready = select.epoll()
        try:
            self._listen()
        except OSError:
            self._ready.close()
            self._listener.close()
            os.close(self._place)
            raise
        self._ready.register(self._listener, select.EPOLLIN)

    def _listen(self) -> None:
        # By a path in /proc: a socket's path has at most 107 bytes.
        path = f"/proc/self/fd/{self._place}/{SOCKET_NAME}"
        with suppress(FileNotFoundError):
            os.unlink(SOCKET_NAME, dir_fd=self._place)
        # Before bind(), so that nobody can connect before the mode is set; the umask may remove further bits.
        os.fchmod(self._listener.fileno(), MODE)
        self._listener.bind(path)
        os.chmod(SOCKET_NAME, MODE, dir_fd=self._place)
        self._listener.listen(BACKLOG)

    def fileno(self) -> int:
        return self._ready.fileno()

    @property
    def due_ns(self) -> int:
        """When the time of the oldest conversation is over."""
        return max(self._due.due_ns, min((each.end_ns for each in self._conversations), default=NEVER_NS))

    def step(self, now_ns: int) -> None:
        if not self._due.is_due(now_ns):
            return
        self._accept(now_ns)
        for each in tuple(self._conversations):
            goes_on = False
            try:
                goes_on = each.go_on(self._answer, now_ns)
            except OSError:  # the other side has gone away
                pass
            finally:
                if goes_on:
                    self._ready.modify(each.connection, each.awaited)
                else:
                    self._end(each)
        has_room = len(self._conversations) < MAX_CONVERSATIONS
        self._ready.modify(self._listener, select.EPOLLIN if has_room else 0)

    def _end(self, conversation: _Conversation) -> None:
        self._conversations.remove(conversation)
        self._ready.unregister(conversation.connection)
        conversation.close()

    def close(self) -> None:
        for each in self._conversations:
            each.close()
        self._ready.close()
        self._listener.close()
        with suppress(OSError):
            os.unlink(SOCKET_NAME, dir_fd=self._place)
        os.close(self._place)

    def _accept(self, now_ns: int) -> None:
        while len(self._conversations) < MAX_CONVERSATIONS:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # nobody waits, or has gone away meanwhile
                return
            connection.setblocking(False)
            self._conversations.append(_Conversation(connection, now_ns + CONVERSATION_NS))
            self._ready.register(connection, select.EPOLLIN)
