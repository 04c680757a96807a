"""A frame copied into an mbuf, compared with one that points into the term buffer: the tables of decision
15.

    ./dev run cmake --build build/native --target zero_copy_table
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import PROGRAMS

from aeron_dpdk.machine.change.outside_setup import reserved_huge_pages
from aeron_dpdk.tools.measure.alone import measuring_alone

PROGRAM = PROGRAMS / "zero_copy"
DEVICES = ("ring_1024", "ring_256", "net_null", "net_virtio")
PAYLOAD_LENGTHS = (320, 1376, 4096, 8192)
WAYS = ("copied", "attached", "pinned")
PLACES = ("here", "elsewhere")
REPEATS = 21
TIMEOUT_S = 600
MEGABYTES = 320
FRAMES_COUNTED = 1024


@dataclass(frozen=True, slots=True)
class Case:
    device: str
    payload_length: int
    way: str


@dataclass(frozen=True, slots=True)
class Count:
    """Per frame. `lines` were not in the first-level data cache."""

    instructions: float
    lines: float


# Nanoseconds per frame, one for each repeat. The client wrote the payload on the sender's CPU, or elsewhere.
Times = dict[str, dict[Case, list[float]]]


def why_not() -> str | None:
    """None if it can be measured."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed: apt-get install valgrind"
    if not PROGRAM.exists():
        return "its program is not built: ./dev run cmake --build build/native --target zero_copy"
    return None


def count_frames() -> dict[Case, Count]:
    """These figures are the same on any machine with these libraries, whatever else runs on it."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "out")
        valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--cache-sim=yes"]
        valgrind += ["--D1=32768,8,64", f"--callgrind-out-file={out}"]
        _run([*valgrind, str(PROGRAM), "count"], directory, is_huge=False)
        return dict(counts_of(path.read_text() for path in Path(directory).glob("out.*")))


def counts_of(dumps: Iterable[str]) -> Iterator[tuple[Case, Count]]:
    """The program names its dumps like "net_null 1376 copied"; the final one has no name."""
    for dump in dumps:
        if named := re.search(r"^desc: Trigger: Client Request: (\w+) (\d+) (\w+)$", dump, re.MULTILINE):
            columns, totals = (
                next(line.split()[1:] for line in dump.splitlines() if line.startswith(f"{what}: "))
                for what in ("events", "totals")
            )
            events = {name: int(total) / FRAMES_COUNTED for name, total in zip(columns, totals, strict=False)}
            case = Case(named[1], int(named[2]), named[3])
            yield case, Count(events["Ir"], events["D1mr"] + events["D1mw"])


def time_frames(repeats: int, *, is_huge: bool) -> Times:
    """The sender on the first of our CPUs, the client on the last."""
    client_cpu = str(max(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory() as directory:
        printed = _run([str(PROGRAM), "time", str(repeats), client_cpu], directory, is_huge=is_huge)
    times: Times = {place: defaultdict(list) for place in PLACES}
    for line in printed.splitlines():
        device, place, length, way, nanoseconds = line.split()
        times[place][Case(device, int(length), way)].append(float(nanoseconds))
    return times


def _run(command: list[str], directory: str, *, is_huge: bool) -> str:
    """The program's output. Raises CalledProcessError."""
    eal = [
        f"--lcores=0@{min(os.sched_getaffinity(0))}",
        *(["--in-memory", "--single-file-segments"] if is_huge else ["--no-shconf", "--no-huge"]),
        "--file-prefix=zero-copy",
        "-m",
        str(MEGABYTES),
        "--no-pci",
        "--no-telemetry",
        "--log-level=error",
    ]
    done = subprocess.run(
        [*command, *eal],
        cwd=directory,
        env=os.environ | {"RUNTIME_DIRECTORY": directory},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        done.check_returncode()
    return done.stdout


def count_table(counts: dict[Case, Count]) -> Iterator[str]:
    yield "| device | bytes | instructions, copied | attached | pinned | lines, copied | attached | pinned |"
    yield f"|{'---|' * 8}"
    for device in DEVICES:
        for length in PAYLOAD_LENGTHS:
            found = [counts[Case(device, length, way)] for way in WAYS]
            cells = [f"{count.instructions:.0f}" for count in found] + [
                f"{count.lines:.1f}" for count in found
            ]
            yield f"| {device} | {length} | {' | '.join(cells)} |"


def time_table(times: Times) -> Iterator[str]:
    """The minimum of the repeats and, in brackets, the median. If they are far apart under "elsewhere",
    there were two distances between the CPUs: a virtual machine's CPUs may be moved.
    """
    yield "| written | device | bytes | copied, ns | attached | pinned | attached/copied |"
    yield f"|{'---|' * 7}"
    for place in PLACES:
        for device in DEVICES:
            for length in PAYLOAD_LENGTHS:
                found = [times[place][Case(device, length, way)] for way in WAYS]
                cells = [f"{min(values):.0f} ({statistics.median(values):.0f})" for values in found]
                ratio = min(found[1]) / min(found[0])
                middle = statistics.median(b / a for a, b in zip(*found[:2], strict=True))
                yield f"| {place} | {device} | {length} | {' | '.join(cells)} | {ratio:.2f} ({middle:.2f}) |"


def main() -> str | None:
    """Prints the tables; returns why nothing can be measured, or None."""
    if reason := why_not():
        return reason
    print("\n".join(count_table(count_frames())), end="\n\n", flush=True)
    with (
        measuring_alone(lambda: print("waiting for another measurement to end", file=sys.stderr)),
        reserved_huge_pages(MEGABYTES // 2) as is_huge,
    ):
        print("\n".join(time_table(time_frames(REPEATS, is_huge=is_huge))), end="\n\n")
    print(f"mbufs in pages of {'2 MiB' if is_huge else '4 KiB'}")
    return None


if __name__ == "__main__":
    sys.exit(main())
