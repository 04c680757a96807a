"""Single keys from a terminal."""

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_keys() -> Iterator[None]:
    """Keys arrive as they are pressed, and are not echoed; afterwards the terminal is restored."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    try:
        tty.setcbreak(descriptor)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def key_within(seconds: float) -> str:
    """The next key; empty when none is pressed in time. The end of input counts as "q"."""
    descriptor = sys.stdin.fileno()
    ready, _, _ = select.select([descriptor], [], [], max(0.0, seconds))
    if not ready:
        return ""
    return os.read(descriptor, 1).decode(errors="replace") or "q"
