"""`aeron-dpdk top` in a real terminal of 80 columns: tmux types the keys and reads the screen."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.system.bed.bed import eventually
from tests.system.bed.driver import Driver
from tests.system.bed.tool import PROGRAM

SERVER = f"adk-{os.getpid()}-top"


def tmux(*arguments: str) -> str:
    command = ["tmux", "-L", SERVER, "-f", "/dev/null", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Terminal:
    def __init__(self, command: str) -> None:
        tmux(
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            f"echo before; {command}; echo exit code $?; sleep 600",
        )

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in tmux("capture-pane", "-p").splitlines()]

    def row(self, first_word: str) -> list[str]:
        return next((line.split() for line in self.lines if line.split()[:1] == [first_word]), [])

    def press(self, key: str) -> None:
        tmux("send-keys", key)

    def terminate(self) -> None:
        """SIGTERM for what runs in it."""
        [shell] = tmux("display-message", "-p", "#{pane_pid}").split()
        [child] = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.lines)


@contextlib.contextmanager
def terminal(driver: Driver) -> Iterator[Terminal]:
    try:
        opened = Terminal(f"{PROGRAM} top --interval=0.3 --aeron-dir={driver.aeron_dir}")
        eventually(lambda: opened.shows("q quit"), "top is on the screen")
        yield opened
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            tmux("kill-server")
