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


class Testbed:
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
def testbed(tmp_path: Path) -> Iterator[Testbed]:
    made = Testbed(tmp_path)
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


def test_a_request_is_answered_with_one_line_and_the_connection_closed(testbed: Testbed) -> None:
    with testbed.connect() as connection:
        connection.send(b'{"request": "view"}\n')
        testbed.step(2)
        assert connection.recv(100) == b"an answer\n"
        assert is_over(connection)
    assert testbed.asked == [{"request": "view"}]


def test_a_request_may_come_in_pieces(testbed: Testbed) -> None:
    with testbed.connect() as connection:
        for piece in (b'{"req', b'uest": "vi', b'ew"}', b"\n"):
            connection.send(piece)
            testbed.step()
        testbed.step()
        assert connection.recv(100) == b"an answer\n"


def test_a_long_answer_goes_out_as_fast_as_it_is_read(tmp_path: Path) -> None:
    testbed = Testbed(tmp_path, "x" * 3_000_000)
    with testbed.connect() as connection:
        connection.send(b"{}\n")
        received = bytearray()
        while not received.endswith(b"\n"):
            testbed.step()
            try:
                received += connection.recv(1 << 20)
            except BlockingIOError:
                continue
    assert len(received) == 3_000_001
    testbed.answering.close()


def test_a_client_that_does_not_read_is_disconnected(tmp_path: Path) -> None:
    testbed = Testbed(tmp_path, "x" * 3_000_000)
    with testbed.connect() as connection:
        connection.send(b"{}\n")
        testbed.step(2 + CONVERSATION_NS // STEP_PERIOD_NS)
        assert is_over(connection)
    testbed.answering.close()


def test_a_client_that_sends_nothing_is_disconnected(testbed: Testbed) -> None:
    with testbed.connect() as connection:
        testbed.step(CONVERSATION_NS // STEP_PERIOD_NS)
        assert not is_over(connection)
        testbed.step(2)
        assert is_over(connection)
    assert testbed.asked == []


def test_a_client_that_sends_too_much_is_disconnected(testbed: Testbed) -> None:
    with testbed.connect() as connection:
        for _ in range(MAX_REQUEST_BYTES // 8192 + 2):
            if not is_over(connection):
                connection.send(b"[" * 8192)
            testbed.step()
        assert is_over(connection)
    assert testbed.asked == []


def test_a_bounded_number_is_served_at_once_and_the_next_when_there_is_room(testbed: Testbed) -> None:
    idle = [testbed.connect() for _ in range(MAX_CONVERSATIONS)]
    with testbed.connect() as late:
        late.send(b"{}\n")
        testbed.step(5)
        assert testbed.asked == []
        idle.pop().close()
        testbed.step(3)
        assert testbed.asked == [{}]
        assert late.recv(100) == b"an answer\n"
    for connection in idle:
        connection.close()


def test_steps_are_a_hundred_a_second_however_fast_the_loop_turns(testbed: Testbed) -> None:
    with testbed.connect() as connection:
        testbed.step()
        connection.send(b"{}\n")
        for _ in range(20):
            testbed.answering.step(testbed.now_ns + 1)
        assert testbed.asked == []


def test_an_answer_that_is_held_open_ends_when_the_client_disconnects(testbed: Testbed) -> None:
    testbed.holds = True
    connection = testbed.connect()
    connection.send(b"{}\n")
    testbed.step(2 * CONVERSATION_NS // STEP_PERIOD_NS)
    assert (connection.recv(100), testbed.ended) == (b"an answer\n", 0)
    connection.close()
    testbed.step()
    assert testbed.ended == 1


def test_a_driver_that_ends_closes_the_answers_that_are_held_open(tmp_path: Path) -> None:
    testbed = Testbed(tmp_path)
    testbed.holds = True
    with testbed.connect() as connection:
        connection.send(b"{}\n")
        testbed.step(3)
        testbed.answering.close()
        assert testbed.ended == 1
    assert not (tmp_path / SOCKET_NAME).exists()


def test_descriptors_are_sent_with_an_answer(testbed: Testbed) -> None:
    reader, writer = os.pipe()
    testbed.descriptors = (reader,)
    with testbed.connect() as connection:
        connection.send(b"{}\n")
        testbed.step(2)
        text, [received], _, _ = socket.recv_fds(connection, 100, 4)
    os.write(writer, b"through the pipe")
    assert (text, os.read(received, 100)) == (b"an answer\n", b"through the pipe")
    for descriptor in (reader, writer, received):
        os.close(descriptor)


def test_a_failing_answer_ends_its_own_connection_and_no_other(testbed: Testbed) -> None:
    with testbed.connect() as first, testbed.connect() as second:
        first.send(b"{}\n")
        testbed.step(0)
        testbed.answering._answer = lambda _: 1 // 0  # type: ignore[assignment,return-value]
        with pytest.raises(ZeroDivisionError):
            testbed.step()
        assert is_over(first)
        testbed.answering._answer = testbed.answer
        second.send(b"{}\n")
        testbed.step(2)
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
    testbed = Testbed(tmp_path)
    with testbed.connect() as connection:
        connection.send(b"{}\n")
        testbed.step(2)
        assert connection.recv(100) == b"an answer\n"
    testbed.answering.close()


def test_a_directory_may_have_a_long_name(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 200)
    directory.mkdir()
    Answering(directory, lambda _: Answer("")).close()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=200), max_size=6))
def test_after_any_bytes_from_a_client_the_next_one_is_answered(pieces: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        testbed = Testbed(Path(directory))
        with testbed.connect() as connection:
            for piece in pieces:
                if not is_over(connection):
                    connection.send(piece)
                testbed.step()
        with testbed.connect() as connection:
            connection.send(json.dumps({"request": "view"}).encode() + b"\n")
            testbed.step(3)
            assert connection.recv(100) == b"an answer\n"
        testbed.answering.close()
