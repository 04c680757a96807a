"""Runs in the guest: on each virtio port it runs one command at a time for tests/lab/bed/inside.py.

Both directions are lines of JSON that begin and end with a newline, so that a half line of a broken session
spoils nothing; each carries the session's id, so that a late line of an earlier session is told apart.
"""

import base64
import contextlib
import json
import os
import select
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Any

PORTS = Path("/sys/class/virtio-ports")
PREFIX = "lab."
IDLE_S = 0.05
# As long as the host may give a guest no time at all.
CONNECTS_S = 60.0


class Port:
    """A virtio port. Reading gives nothing, at once, while nobody is connected on the other side."""

    def __init__(self, device: Path) -> None:
        self._fd = os.open(device, os.O_RDWR | os.O_NONBLOCK)
        self._pending = b""
        self._sending = threading.Lock()

    def receive(self) -> list[dict[str, Any]] | None:
        """The messages that came; None when the other side is not there."""
        try:
            data = os.read(self._fd, 65536)
        except BlockingIOError:
            return []
        if not data:
            # Half a line stays: its rest may be under way, and the next message begins a line of its own.
            return None
        *lines, self._pending = (self._pending + data).split(b"\n")
        messages = []
        for line in filter(None, lines):
            with contextlib.suppress(ValueError):
                messages.append(json.loads(line))
        return messages

    def wait(self, process: int) -> None:
        """Until something comes, or the process of this descriptor ends."""
        select.select([self._fd, process], [], [], 0.2)

    def send(self, message: dict[str, Any]) -> bool:
        data = b"\n" + json.dumps(message).encode() + b"\n"
        with self._sending:
            while data:
                try:
                    data = data[os.write(self._fd, data) :]
                except BlockingIOError:
                    if self.is_alone():
                        return False
                    time.sleep(0.005)
        return True

    def is_alone(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, 0)
        return any(events & select.POLLHUP for _, events in poll.poll(0))


def forward(port: Port, session: str, stream: str, pipe: IO[bytes]) -> None:
    with pipe:
        while data := os.read(pipe.fileno(), 32768):
            # A command whose reader went away must still be able to end.
            port.send({"id": session, stream: base64.b64encode(data).decode()})


def command_in(messages: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    return next((each for each in messages or () if "command" in each), None)


def run(port: Port, request: dict[str, Any]) -> dict[str, Any] | None:
    """The request of a next session, when that was the first sign of this one's end."""
    session = request["id"]
    deadline = time.monotonic() + CONNECTS_S
    # What the other side says first may overtake the kernel's news that it is there.
    while port.is_alone():
        if (following := command_in(port.receive())) is not None:
            return following
        if time.monotonic() > deadline:
            return None
        time.sleep(0.005)
    try:
        process = subprocess.Popen(
            request["command"],
            cwd=request["directory"],
            env=request["environment"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        port.send({"id": session, "error": str(error)})
        return None
    assert process.stdout is not None and process.stderr is not None
    pumps = [
        threading.Thread(target=forward, args=(port, session, stream, pipe), daemon=True)
        for stream, pipe in (("out", process.stdout), ("err", process.stderr))
    ]
    for pump in pumps:
        pump.start()
    with open(os.pidfd_open(process.pid)) as ended:
        while process.poll() is None:
            messages = port.receive()
            following = command_in(messages)
            if messages is None or following is not None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return following
            for message in messages:
                if message.get("id") == session:
                    process.send_signal(message["signal"])
            port.wait(ended.fileno())
    for pump in pumps:
        # A grandchild may hold the pipe open; the command itself has ended.
        pump.join(1)
    port.send({"id": session, "exit": process.returncode})
    return None


def run_all(port: Port, requests: list[dict[str, Any]], idle: set[Port]) -> None:
    for request in requests:
        following: dict[str, Any] | None = request
        while following is not None:
            following = run(port, following)
    idle.add(port)


def serve(ports: set[Port]) -> None:
    """A thread for each port with a command, and one for all others: an emulated CPU is slow to switch."""
    while True:
        for port in tuple(ports):
            if requests := [message for message in port.receive() or () if "command" in message]:
                ports.discard(port)
                threading.Thread(target=run_all, args=(port, requests, ports), daemon=True).start()
        time.sleep(IDLE_S)


def main() -> None:
    names = [entry.name for entry in PORTS.iterdir() if (entry / "name").read_text().startswith(PREFIX)]
    ports = {Port(Path("/dev") / name) for name in names}
    Path("/dev/console").write_text("\nlab agent is ready\n")
    serve(ports)


if __name__ == "__main__":
    main()
