"""The driver's socket: bounded in every way, and it never blocks the control loop."""

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aeron_dpdk.driver.answering import (
    CONVERSATION_NS,
    MAX_CONVERSATIONS,
    MAX_REQUEST_BYTES,
    STEP_PERIOD_NS,
    Answer,
    Answering,
)
from aeron_dpdk.observe.request import SOCKET_NAME


class Desk:
    """An Answering with a clock that tests advance, and the requests that it received."""

    def __init__(self, directory: Path, text: str = "an answer") -> None:
        self.directory = directory
        self.asked: list[dict[str, Any]] = []
        self.ended = 0
        self.text = text
        self.holds = False
        self.descriptors: tuple[int, ...] = ()
        self.now_ns = 0
        self.answering = Answering(directory, self.answer)

    def answer(self, request: dict[str, Any]) -> Answer:
        self.asked.append(request)
        return Answer(self.text, self.descriptors, self.hang_up if self.holds else None)

    def hang_up(self) -> None:
        self.ended += 1

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.now_ns += STEP_PERIOD_NS
            self.answering.step(self.now_ns)

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.setblocking(False)
        connection.connect(str(self.directory / SOCKET_NAME))
        return connection


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.answering.close()


def is_over(connection: socket.socket) -> bool:
    try:
        while connection.recv(1 << 20):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True
    return True


def test_a_request_is_answered_with_one_line_and_the_connection_closed(desk: Desk) -> None:
    with desk.connect() as connection:
        connection.send(b'{"request": "view"}\n')
        desk.step(2)
        assert connection.recv(100) == b"an answer\n"
        assert is_over(connection)
    assert desk.asked == [{"request": "view"}]


def test_a_request_may_come_in_pieces(desk: Desk) -> None:
    with desk.connect() as connection:
        for piece in (b'{"req', b'uest": "vi', b'ew"}', b"\n"):
            connection.send(piece)
            desk.step()
        desk.step()
        assert connection.recv(100) == b"an answer\n"


def test_a_long_answer_goes_out_as_fast_as_it_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "x" * 3_000_000)
    with desk.connect() as connection:
        connection.send(b"{}\n")
        received = bytearray()
        while not received.endswith(b"\n"):
            desk.step()
            try:
                received += connection.recv(1 << 20)
            except BlockingIOError:
                continue
    assert len(received) == 3_000_001
    desk.answering.close()


def test_a_client_that_does_not_read_is_disconnected(tmp_path: Path) -> None:
    desk = Desk(tmp_path, "x" * 3_000_000)
    with desk.connect() as connection:
        connection.send(b"{}\n")
        desk.step(2 + CONVERSATION_NS // STEP_PERIOD_NS)
        assert is_over(connection)
    desk.answering.close()


def test_a_client_that_sends_nothing_is_disconnected(desk: Desk) -> None:
    with desk.connect() as connection:
        desk.step(CONVERSATION_NS // STEP_PERIOD_NS)
        assert not is_over(connection)
        desk.step(2)
        assert is_over(connection)
    assert desk.asked == []


def test_a_client_that_sends_too_much_is_disconnected(desk: Desk) -> None:
    with desk.connect() as connection:
        for _ in range(MAX_REQUEST_BYTES // 8192 + 2):
            if not is_over(connection):
                connection.send(b"[" * 8192)
            desk.step()
        assert is_over(connection)
    assert desk.asked == []


def test_a_bounded_number_is_served_at_once_and_the_next_when_there_is_room(desk: Desk) -> None:
    idle = [desk.connect() for _ in range(MAX_CONVERSATIONS)]
    with desk.connect() as late:
        late.send(b"{}\n")
        desk.step(5)
        assert desk.asked == []
        idle.pop().close()
        desk.step(3)
        assert desk.asked == [{}]
        assert late.recv(100) == b"an answer\n"
    for connection in idle:
        connection.close()


def test_steps_are_a_hundred_a_second_however_fast_the_loop_turns(desk: Desk) -> None:
    with desk.connect() as connection:
        desk.step()
        connection.send(b"{}\n")
        for _ in range(20):
            desk.answering.step(desk.now_ns + 1)
        assert desk.asked == []


def test_an_answer_that_is_held_open_ends_when_the_client_disconnects(desk: Desk) -> None:
    desk.holds = True
    connection = desk.connect()
    connection.send(b"{}\n")
    desk.step(2 * CONVERSATION_NS // STEP_PERIOD_NS)
    assert (connection.recv(100), desk.ended) == (b"an answer\n", 0)
    connection.close()
    desk.step()
    assert desk.ended == 1


def test_a_driver_that_ends_closes_the_answers_that_are_held_open(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.holds = True
    with desk.connect() as connection:
        connection.send(b"{}\n")
        desk.step(3)
        desk.answering.close()
        assert desk.ended == 1
    assert not (tmp_path / SOCKET_NAME).exists()


def test_descriptors_are_sent_with_an_answer(desk: Desk) -> None:
    reader, writer = os.pipe()
    desk.descriptors = (reader,)
    with desk.connect() as connection:
        connection.send(b"{}\n")
        desk.step(2)
        text, [received], _, _ = socket.recv_fds(connection, 100, 4)
    os.write(writer, b"through the pipe")
    assert (text, os.read(received, 100)) == (b"an answer\n", b"through the pipe")
    for descriptor in (reader, writer, received):
        os.close(descriptor)


def test_a_failing_answer_ends_its_own_connection_and_no_other(desk: Desk) -> None:
    with desk.connect() as first, desk.connect() as second:
        first.send(b"{}\n")
        desk.step(0)
        desk.answering._answer = lambda _: 1 // 0  # type: ignore[assignment,return-value]
        with pytest.raises(ZeroDivisionError):
            desk.step()
        assert is_over(first)
        desk.answering._answer = desk.answer
        second.send(b"{}\n")
        desk.step(2)
        assert second.recv(100) == b"an answer\n"


def test_only_user_and_group_may_ask_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        answering = Answering(tmp_path, lambda _: Answer(""))
    finally:
        os.umask(before)
    assert (tmp_path / SOCKET_NAME).stat().st_mode & 0o777 == 0o660
    answering.close()


def test_the_socket_of_a_driver_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET_NAME))
    desk = Desk(tmp_path)
    with desk.connect() as connection:
        connection.send(b"{}\n")
        desk.step(2)
        assert connection.recv(100) == b"an answer\n"
    desk.answering.close()


def test_a_directory_may_have_a_long_name(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 200)
    directory.mkdir()
    Answering(directory, lambda _: Answer("")).close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6))
def test_after_any_bytes_from_a_client_the_next_one_is_answered(pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        desk = Desk(Path(directory))
        with desk.connect() as connection:
            for piece in pieces:
                if not is_over(connection):
                    connection.send(piece)
                desk.step()
        with desk.connect() as connection:
            connection.send(json.dumps({"request": "view"}).encode() + b"\n")
            desk.step(3)
            assert connection.recv(100) == b"an answer\n"
        desk.answering.close()
