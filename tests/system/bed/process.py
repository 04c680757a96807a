"""Child processes: die with the test run, keep their output, stop in order."""

import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import IO

# Becomes the command, so that the process id stays; a test run that is killed takes its children with it.
DIE_WITH_THE_PARENT = ("setpriv", "--pdeathsig", "KILL")
STOP_TIMEOUT_S = 20.0


class ChildProcess:
    """A running command whose output lines arrive in a queue as they are written and are all kept."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self.command = tuple(command)
        self.lines: list[str] = []
        self._arrivals: queue.Queue[str | None] = queue.Queue()
        self._process = subprocess.Popen(
            (*DIE_WITH_THE_PARENT, *self.command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=dict(os.environ) if environment is None else dict(environment),
        )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self._arrivals.put(line.rstrip("\n"))
        self._arrivals.put(None)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    @property
    def output(self) -> str:
        while not self._arrivals.empty() and self._take(0) is not None:
            pass
        return "\n".join(self.lines)

    def _take(self, timeout_s: float) -> str | None:
        line = self._arrivals.get(timeout=timeout_s)
        if line is None:
            self._arrivals.put(None)
            return None
        self.lines.append(line)
        return line

    def next_line(self, timeout_s: float) -> str | None:
        """The next line; None at the end of output; TimeoutError when nothing came in time."""
        try:
            return self._take(timeout_s)
        except queue.Empty:
            raise TimeoutError(f"{self}: silent for {timeout_s} s\n{self.output}") from None

    def wait(self, timeout_s: float) -> int:
        """The exit code; a process that does not end is killed and that is an error."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TimeoutError(f"{self}: still running after {timeout_s} s\n{self.output}") from None
        self._reader.join()
        while self._take(0) is not None:
            pass
        return code

    def send_signal(self, number: int) -> None:
        """Nothing happens to a process that has ended."""
        self._process.send_signal(number)

    def ask_to_stop(self) -> None:
        self.send_signal(signal.SIGTERM)

    def terminate(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """SIGTERM, and the exit code."""
        self.ask_to_stop()
        return self.wait(timeout_s)

    def kill(self) -> None:
        """SIGKILL, as an out-of-memory killer would."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def __str__(self) -> str:
        return f"{' '.join(self.command)} (pid {self.pid})"
