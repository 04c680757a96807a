"""`aeron-dpdk top`: a running driver, live in the terminal."""

import os
import select
import signal
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from rich.console import Console
from rich.live import Live

from aeron_dpdk.errors.observe import ObserveError
from aeron_dpdk.observe.rates import rates_between
from aeron_dpdk.observe.status import Status, look
from aeron_dpdk.tools.looking import aeron_dir_option
from aeron_dpdk.tools.top_screen import Mode, screen


@click.command()
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(0.2),
    default=1.0,
    show_default=True,
    help="Seconds between updates.",
)
@aeron_dir_option
def top(aeron_dir: Path, interval_s: float) -> None:
    """Watch a running driver: rates, drops, streams, errors. Keys: q or Ctrl-C quits, p pauses, s sorts."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("top needs a terminal; for a file or a pipe there is status --json")
    first = look(aeron_dir)
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the terminal is restored
    with single_keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        with suppress(KeyboardInterrupt):
            _watch(aeron_dir, interval_s, first, console, live)


def _watch(aeron_dir: Path, interval_s: float, first: Status, console: Console, live: Live) -> None:
    before, now, mode, trouble = first, first, Mode(), ""
    due_s = time.monotonic() + interval_s
    while True:
        live.update(screen(now, rates_between(before, now), mode, console, trouble), refresh=True)
        key = key_within(interval_s if mode.is_paused else due_s - time.monotonic())
        if key == "q":
            return
        mode = mode.after(key)
        if time.monotonic() < due_s or mode.is_paused:
            continue
        due_s = time.monotonic() + interval_s
        try:
            before, now, trouble = now, look(aeron_dir), ""
        except ObserveError as error:  # the driver may come back
            trouble = str(error)


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
