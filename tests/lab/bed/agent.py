"""Runs in the guest: one thread per virtio port runs one command at a time for tests/lab/bed/inside.py.

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
            self._pending = b""
            return None
        *lines, self._pending = (self._pending + data).split(b"\n")
        messages = []
        for line in filter(None, lines):
            with contextlib.suppress(ValueError):
                messages.append(json.loads(line))
        return messages

    def wait(self) -> None:
        select.select([self._fd], [], [], 0.2)

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


def run(port: Port, request: dict[str, Any]) -> None:
    session = request["id"]
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
        return
    assert process.stdout is not None and process.stderr is not None
    pumps = [
        threading.Thread(target=forward, args=(port, session, stream, pipe), daemon=True)
        for stream, pipe in (("out", process.stdout), ("err", process.stderr))
    ]
    for pump in pumps:
        pump.start()
    while process.poll() is None:
        messages = port.receive()
        if messages is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return
        for message in messages:
            if message.get("id") == session:
                process.send_signal(message["signal"])
        port.wait()
    for pump in pumps:
        # A grandchild may hold the pipe open; the command itself has ended.
        pump.join(1)
    port.send({"id": session, "exit": process.returncode})


def serve(device: Path) -> None:
    port = Port(device)
    while True:
        for message in port.receive() or ():
            if "command" in message:
                run(port, message)
        time.sleep(IDLE_S)


def main() -> None:
    for entry in PORTS.iterdir():
        if (entry / "name").read_text().startswith(PREFIX):
            threading.Thread(target=serve, args=(Path("/dev") / entry.name,), daemon=True).start()
    Path("/dev/console").write_text("\nlab agent is ready\n")
    threading.Event().wait()


main()
