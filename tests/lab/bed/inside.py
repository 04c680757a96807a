"""Runs on the host, for a guest what `ip netns exec` is for a namespace: a command there, its output here.

    python inside.py PORTS COMMAND...

PORTS is the folder of the guest's port sockets. Environment, directory and signals go along, the exit code
comes back. When this process is killed, the command in the guest is as well.
"""

import base64
import fcntl
import json
import os
import signal
import socket
import sys
import time
import uuid
from pathlib import Path
from types import FrameType
from typing import Any

OWN_FAILURE = 125  # as env(1) and its like use it
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGQUIT)


def free_port(ports: Path) -> socket.socket:
    """A connection to a port that nobody else uses: the lock is held until this process ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for path in sorted(ports.glob("*.lock")):
            lock = os.open(path, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(str(path.with_suffix(".socket")))
            return connection
        time.sleep(0.05)
    raise TimeoutError(f"every port in {ports} is in use")


class Session:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._id = uuid.uuid4().hex

    def send(self, **message: Any) -> None:
        line = json.dumps({"id": self._id, **message}).encode()
        self._connection.sendall(b"\n" + line + b"\n")

    def forward_signal(self, number: int, frame: FrameType | None) -> None:
        self.send(signal=number)

    def follow(self) -> int:
        """Copy the command's output until it ends; the exit code, negative for a signal."""
        with self._connection.makefile("rb") as lines:
            for line in lines:
                message = self._parse(line)
                for stream, target in (("out", sys.stdout.buffer), ("err", sys.stderr.buffer)):
                    if stream in message:
                        target.write(base64.b64decode(message[stream]))
                        target.flush()
                if "error" in message:
                    sys.stderr.write(f"{message['error']}\n")
                    return OWN_FAILURE
                if "exit" in message:
                    return int(message["exit"])
        sys.stderr.write("the guest is gone\n")
        return OWN_FAILURE

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            message = json.loads(line)
        except ValueError:
            return {}
        return message if isinstance(message, dict) and message.get("id") == self._id else {}


def main(ports: Path, command: list[str]) -> int:
    session = Session(free_port(ports))
    for number in FORWARDED:
        signal.signal(number, session.forward_signal)
    session.send(command=command, directory=str(Path.cwd()), environment=dict(os.environ))
    code = session.follow()
    if code < 0:
        # End as the command did, so that whoever waits for us sees the same.
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
