"""The guest's agent, without the guest: its port's kernel reports late that the other side is connected."""

import base64
import select
from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

from tests.lab.fixtures.agent import Port, run

Message = dict[str, Any]


class LatePort(Port):
    """`news`: the kernel's successive answers to whether the other side is missing."""

    def __init__(self, news: Iterator[bool], *arrivals: list[Message] | None) -> None:
        self.news = news
        self.arrivals = iter(arrivals)
        self.sent: list[Message] = []

    def is_alone(self) -> bool:
        return next(self.news)

    def receive(self) -> list[Message] | None:
        return next(self.arrivals, [])

    def wait(self, process: int) -> None:
        select.select([process], [], [])

    def send(self, message: Message) -> bool:
        self.sent.append(message)
        return True


def request(name: str) -> Message:
    return {"id": name, "command": ["echo", name], "directory": "/", "environment": {}}


def test_a_command_that_overtakes_the_news_of_its_sender_is_carried_out() -> None:
    port = LatePort(chain(repeat(True, 100), repeat(False)))
    assert run(port, request("first")) is None
    output = base64.b64encode(b"first\n").decode()
    assert port.sent == [{"id": "first", "out": output}, {"id": "first", "exit": 0}]


def test_one_whose_sender_is_gone_makes_way_for_the_next() -> None:
    following = request("second")
    port = LatePort(repeat(True), [], [following])
    assert run(port, request("first")) == following
    assert port.sent == []


def test_a_command_that_overtakes_the_end_of_the_session_before_is_carried_out() -> None:
    port = LatePort(chain([False, True, True], repeat(False)), None)
    assert run(port, {**request("overtaking"), "command": ["sleep", "0.3"]}) is None
    assert port.sent[-1] == {"id": "overtaking", "exit": 0}


def test_a_command_whose_session_has_ended_is_killed() -> None:
    port = LatePort(chain([False], repeat(True)), None)
    lasting = {**request("lasting"), "command": ["sh", "-c", "sleep 60; echo it was not killed"]}
    assert run(port, lasting) is None
    assert port.sent == []
