"""What callgrind counted, by object, function and source file, as callgrind_annotate(1) prints it: only
what a function did itself, not the functions it called.
"""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_REGION = re.compile(r"^Trigger: Client Request: (.+)$", re.MULTILINE)
_COUNT = re.compile(r"^ *([\d,]+)  (.+):(\S+?)(?: \[(.+)\])?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions at one place. `source` is that of the lines: it differs from the function's own source
    where code was inlined.
    """

    library: str
    function: str
    source: str
    instructions: int


@dataclass(frozen=True, slots=True)
class Dump:
    """One region, under the name that the program gave it."""

    name: str
    counts: tuple[Count, ...]


def read(file: Path) -> Dump:
    """Raises ValueError for a file without a name."""
    command = ["callgrind_annotate", "--threshold=100", "--show-percs=no", "--auto=no", str(file)]
    return parse(subprocess.check_output(command, text=True))


def parse(annotated: str) -> Dump:
    region = _REGION.search(annotated)
    if region is None:
        raise ValueError("a callgrind file that no client request asked for")
    return Dump(region[1].strip(), tuple(_counts(annotated)))


def _counts(annotated: str) -> Iterator[Count]:
    """The object is named only on a function's own source."""
    lines = _COUNT.findall(annotated)
    libraries = {function: library for _, _, function, library in lines if library}
    for instructions, source, function, library in lines:
        count = int(instructions.replace(",", ""))
        yield Count(library or libraries.get(function, ""), function, source, count)
