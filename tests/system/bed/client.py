"""The Aeron clients of tests/system/native as processes that report JSON events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.system.bed.process import ChildProcess

EVENT_TIMEOUT_S = 60.0
FINISH_TIMEOUT_S = 120.0

Event = dict[str, Any]


class ClientError(Exception):
    """A client reported an Aeron error: `code` is Aeron's, `message` the text the application would see."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"{event.get('doing')}: {event.get('message')}")
        self.code = int(event.get("code", 0))
        self.message = str(event.get("message", ""))


@dataclass(frozen=True, slots=True)
class Digest:
    """What went through one stream."""

    messages: int
    bytes: int
    digest: str
    position: int


def digest_of(entry: Event) -> Digest:
    return Digest(entry["messages"], entry["bytes"], entry["digest"], entry["position"])


class ClientProcess:
    def __init__(self, command: Sequence[str]) -> None:
        self._process = ChildProcess(command)
        self._ending: Event | None = None

    @property
    def is_running(self) -> bool:
        return self._process.is_running

    @property
    def exit_code(self) -> int | None:
        return self._process.exit_code

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)

    def next_event(self, timeout_s: float = EVENT_TIMEOUT_S) -> Event:
        line = self._process.next_line(timeout_s)
        if line is None:
            raise ClientError({"doing": str(self._process), "message": f"ended: {self._process.output}"})
        event: Event = json.loads(line)
        if event["event"] == "error":
            raise ClientError(event)
        if event["event"] in {"done", "stuck", "no subscriber"}:
            self._ending = event
        return event

    def await_event(self, name: str, timeout_s: float = EVENT_TIMEOUT_S) -> Event:
        """Skip events until one of this name; ClientError when the client ends first."""
        while True:
            event = self.next_event(timeout_s)
            if event["event"] == name:
                return event

    def finish(self, timeout_s: float = FINISH_TIMEOUT_S) -> Event:
        """The "done" event of a client that ended by itself and well."""
        if self._ending is None:
            self.await_event("done", timeout_s)
        code = self._process.wait(timeout_s)
        assert code == 0, f"{self._process} ended with {code}: {self._process.output}"
        assert self._ending is not None
        return self._ending

    def stop(self) -> Event:
        """SIGTERM, and the "done" event."""
        self._process.ask_to_stop()
        return self.finish()

    def kill(self) -> None:
        self._process.kill()
