"""`aeron-dpdk errors`: the distinct errors a driver has logged, as ErrorStat prints them."""

from dataclasses import dataclass
from pathlib import Path

import click

from aeron_dpdk.observe.cnc import Cnc, DistinctError
from aeron_dpdk.tools.looking import look_options, present, utc


@dataclass(frozen=True, slots=True)
class ErrorsView:
    aeron_dir: str
    errors: tuple[DistinctError, ...]


def look_at_errors(aeron_dir: Path) -> ErrorsView:
    with Cnc(aeron_dir) as cnc:
        return ErrorsView(str(aeron_dir), cnc.errors())


def errors_text(view: ErrorsView) -> str:
    blocks = [
        f"***\n{each.observations} observations from {utc(each.first_ms)} to {utc(each.last_ms)} for:\n"
        f" {each.text.rstrip()}\n"
        for each in view.errors
    ]
    return "\n".join([*blocks, f"{len(view.errors)} distinct errors observed."])


@click.command()
@look_options
def errors(aeron_dir: Path, as_json: bool, watch_s: float | None) -> None:
    """Print the distinct errors of a driver, as ErrorStat does. Times are UTC."""
    present(lambda: look_at_errors(aeron_dir), errors_text, as_json, watch_s)
