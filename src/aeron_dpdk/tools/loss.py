"""`aeron-dpdk loss`: the losses that a driver's receiver found, as LossStat prints them."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import click

from aeron_dpdk.observe.cnc import Cnc, Loss
from aeron_dpdk.tools.looking import look_options, present, utc

HEADER = (
    "#OBSERVATION_COUNT, TOTAL_BYTES_LOST, FIRST_OBSERVATION, LAST_OBSERVATION, "
    "SESSION_ID, STREAM_ID, CHANNEL, SOURCE"
)


@dataclass(frozen=True, slots=True)
class LossView:
    aeron_dir: str
    losses: tuple[Loss, ...]


def look_at_losses(aeron_dir: Path) -> LossView:
    with Cnc(aeron_dir) as cnc:
        return LossView(str(aeron_dir), cnc.losses())


def loss_text(view: LossView) -> str:
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    for each in view.losses:
        times = (utc(each.first_ms), utc(each.last_ms))
        streams = (each.session_id, each.stream_id, each.channel, each.source)
        writer.writerow([each.observations, each.bytes, *times, *streams])
    return f"{HEADER}\n{rows.getvalue()}{len(view.losses)} entries read"


@click.command()
@look_options
def loss(aeron_dir: Path, as_json: bool, watch_s: float | None) -> None:
    """Print the losses that a driver has observed, as LossStat does. Times are UTC."""
    present(lambda: look_at_losses(aeron_dir), loss_text, as_json, watch_s)
