"""What the commands that look at a driver have in common: which driver, how often, as text or
as JSON, and how times are written.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from aeron_dpdk.driver.aeron_settings import default_directory

CLEAR_SCREEN = "\033[H\033[2J"

Command = TypeVar("Command", bound=Callable[..., Any])
View = TypeVar("View")


def aeron_dir_option(command: Command) -> Command:
    """--aeron-dir, which the command gets as `aeron_dir`, a Path."""
    return click.option(
        "--aeron-dir",
        envvar="AERON_DIR",
        show_envvar=True,
        type=click.Path(path_type=Path),
        default=lambda: Path(default_directory(os.environ)),
        help="The driver's Aeron directory; by default the one that Aeron would use.",
    )(command)


def look_options(command: Command) -> Command:
    """--aeron-dir, --json and --watch, which the command gets as `aeron_dir`, `as_json` and `watch_s`."""
    command = click.option(
        "--watch",
        "watch_s",
        type=click.FloatRange(min=0.1),
        is_flag=False,
        flag_value=1.0,
        metavar="[SECONDS]",
        help="Repeat every SECONDS (1), until interrupted.",
    )(command)
    command = click.option("--json", "as_json", is_flag=True, help="Print JSON, one line for each look.")(
        command
    )
    return aeron_dir_option(command)


def present(
    look: Callable[[], View], text: Callable[[View], str], as_json: bool, watch_s: float | None
) -> None:
    """Looks and prints, once or repeatedly until interrupted. `View` is a dataclass."""
    screen = CLEAR_SCREEN if watch_s is not None and sys.stdout.isatty() else ""
    try:
        while True:
            view = look()
            click.echo(json_line(view) if as_json else screen + text(view))
            if watch_s is None:
                return
            time.sleep(watch_s)
    except KeyboardInterrupt:
        return


def json_line(view: Any) -> str:
    """A dataclass as one line; bytes become hexadecimal digits."""
    return json.dumps(asdict(view), default=_plain)


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def utc(epoch_ms: int) -> str:
    """ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds")
