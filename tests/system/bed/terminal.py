"""`aeron-dpdk top` in a real terminal of 80 columns: tmux types the keys and reads the screen."""

import contextlib
import itertools
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.system.bed.bed import eventually
from tests.system.bed.driver import Driver
from tests.system.bed.tool import PROGRAM

_numbers = itertools.count()


class Terminal:
    """Of a tmux server of its own: one that is ending refuses the next terminal."""

    def __init__(self, command: str) -> None:
        self._server = f"adk-{os.getpid()}-top-{next(_numbers)}"
        # Ctrl-C goes to the shell too, which must outlive it.
        shell = f"trap : INT; echo before; {command}; echo exit code $?; sleep 600"
        self._tmux("new-session", "-d", "-x", "80", "-y", "24", shell)

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._server, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._tmux("capture-pane", "-p").splitlines()]

    def row(self, first_word: str) -> list[str]:
        return next((line.split() for line in self.lines if line.split()[:1] == [first_word]), [])

    def shows(self, text: str) -> bool:
        return any(text in line for line in self.lines)

    def values(self, *formats: str) -> list[str]:
        """FORMATS of tmux(1)."""
        return self._tmux("display-message", "-p", " ".join(formats)).split()

    def press(self, key: str) -> None:
        self._tmux("send-keys", key)

    def terminate(self) -> None:
        """SIGTERM for what runs in it."""
        [shell] = self.values("#{pane_pid}")
        [child] = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)

    def close(self) -> None:
        self._tmux("kill-server")


@contextlib.contextmanager
def terminal(driver: Driver) -> Iterator[Terminal]:
    opened = Terminal(f"{PROGRAM} top --interval=0.3 --aeron-dir={driver.aeron_dir}")
    try:
        eventually(lambda: opened.shows("q quit"), "top is on the screen")
        yield opened
    finally:
        opened.close()
