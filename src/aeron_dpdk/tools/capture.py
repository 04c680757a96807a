"""`aeron-dpdk capture`: tcpdump for a port that the kernel does not see."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, cast

import click

from aeron_dpdk.errors.observe import OutputError
from aeron_dpdk.observe import pcapng
from aeron_dpdk.observe.capture_filter import compile_filter
from aeron_dpdk.observe.cnc import Cnc
from aeron_dpdk.observe.frames import Capture
from aeron_dpdk.tools.looking import aeron_dir_option

IDLE_SLEEP_S = 0.005
LOOPBACK_SUFFIX = "-loopback"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whichever is reached first ends the capture; None is never reached. `size_bytes` is the file's."""

    count: int | None
    seconds: float | None
    size_bytes: int | None


@dataclass(slots=True)
class Sink:
    """A pcapng stream that stops at its bounds."""

    output: BinaryIO
    bounds: Bounds
    start_s: float = field(default_factory=time.monotonic)
    frames: int = 0
    written_bytes: int = 0

    def write(self, block: bytes) -> None:
        self.output.write(block)
        self.written_bytes += len(block)

    def take(self, interface_id: int, frame: pcapng.Frame) -> None:
        self.write(pcapng.packet(interface_id, frame))
        self.frames += 1

    def is_full(self) -> bool:
        bounds = self.bounds
        return (
            (bounds.count is not None and self.frames >= bounds.count)
            or (bounds.size_bytes is not None and self.written_bytes >= bounds.size_bytes)
            or (bounds.seconds is not None and time.monotonic() >= self.start_s + bounds.seconds)
        )


def record(capture: Capture, sink: Sink, stop: Callable[[], bool]) -> None:
    """Records until the bounds, `stop()` or the driver end it; everything captured by then is written."""
    while not sink.is_full():
        is_last = stop() or capture.is_over()
        before = sink.frames
        for captured in capture.waiting():
            sink.take(int(captured.is_loopback), captured.frame)
            if sink.is_full():
                break
        sink.output.flush()
        if is_last:
            return
        if sink.frames == before:
            time.sleep(IDLE_SLEEP_S)


def write_preamble(sink: Sink, capture: Capture, snap_length: int, expression: str) -> None:
    sink.write(pcapng.section_header(f"aeron-dpdk {version('aeron-dpdk')}"))
    for suffix, what in (("", capture.device), (LOOPBACK_SUFFIX, "frames to our own address")):
        sink.write(pcapng.interface(capture.interface + suffix, what, snap_length, expression))
    sink.output.flush()


def write_summary(sink: Sink, lost: int) -> None:
    sink.write(pcapng.statistics(0, time.time_ns(), sink.frames, lost))
    sink.output.flush()


@click.command()
@click.option(
    "-w",
    "output",
    type=click.Path(dir_okay=False, allow_dash=True),
    default="-",
    help="Where to write; - is standard output.",
)
@click.option(
    "-i",
    "interface",
    metavar="INTERFACE",
    help="Which interface, if there are several: dpdk1, its address or its device; by default the first.",
)
@click.option("-c", "count", type=click.IntRange(1), help="Stop after this many frames.")
@click.option("--seconds", type=click.FloatRange(0, min_open=True), help="Stop after this time.")
@click.option("--size", "size_bytes", type=click.IntRange(1), help="Stop once this many bytes are written.")
@click.option(
    "-s",
    "snap_length",
    type=click.IntRange(14, 65535),
    default=65535,
    show_default=True,
    help="Take at most this many bytes of each frame.",
)
@aeron_dir_option
@click.argument("expression", nargs=-1, metavar="[FILTER]...")
def capture(  # noqa: PLR0913 - one parameter for each option
    aeron_dir: Path,
    output: str,
    interface: str | None,
    count: int | None,
    seconds: float | None,
    size_bytes: int | None,
    snap_length: int,
    expression: tuple[str, ...],
) -> None:
    """Write a running driver's frames as pcapng.

    It captures both directions, until interrupted.

    FILTER is an expression as in tcpdump, see pcap-filter(7). Frames that the driver drops are included, with
    the reason as a comment. For a live view: aeron-dpdk capture | tshark -i -
    """
    if output == "-" and sys.stdout.isatty():
        raise click.UsageError(
            "pcapng is not for a terminal: name a file with -w, or pipe it into tshark -i -"
        )
    filter_expression = " ".join(expression)
    program = compile_filter(filter_expression)
    stop = _stop_on_signals()
    Cnc(aeron_dir).close()  # its error lists the directories of running drivers, if there is none here
    with Capture(aeron_dir, program, snap_length, interface) as frames:
        with _opened(output) as file:
            sink = Sink(file, Bounds(count, seconds, size_bytes))
            write_preamble(sink, frames, snap_length, filter_expression)
            click.echo(f"capturing on {frames.interface} ({frames.device})", err=True)
            record(frames, sink, stop)
            write_summary(sink, frames.lost())
        click.echo(f"{sink.frames} frames captured, {frames.lost()} lost", err=True)


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """Opened only once there is a capture, so that a refused one overwrites no file. Raises OutputError."""
    try:
        with click.open_file(path, "wb") as file:
            yield cast(BinaryIO, file)
    except BrokenPipeError:  # tshark has closed the pipe
        sys.stdout = None
    except OSError as error:
        raise OutputError(path, error.strerror or str(error)) from error


def _stop_on_signals() -> Callable[[], bool]:
    caught: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda given, _: caught.append(given))
    return lambda: bool(caught)
