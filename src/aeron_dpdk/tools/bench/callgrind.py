"""What callgrind counted, by object, function and source file (valgrind manual, "Callgrind Format
Specification"): only what a function did itself, not what it called.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAME = re.compile(r"(ob|fl|fi|fe|fn)=\((\d+)\)(?: (.*))?")
_COST = re.compile(r"(?:[+-]?\d+|\*) (\d+)")
_TRIGGER = "desc: Trigger: Client Request: "


@dataclass(frozen=True, slots=True)
class Count:
    """Instructions at one place. `defined_in` is the function's own file, `source` the line's: another one
    where something was inlined.
    """

    library: str
    function: str
    defined_in: str
    source: str
    instructions: int


@dataclass(frozen=True, slots=True)
class Dump:
    """One region, by the name that the program gave it."""

    name: str
    counts: tuple[Count, ...]


def parse(text: str) -> Dump:
    """Raises ValueError for a file without a name."""
    name = next(
        (line.removeprefix(_TRIGGER) for line in text.splitlines() if line.startswith(_TRIGGER)), None
    )
    if name is None:
        raise ValueError("a callgrind file that no client request asked for")
    return Dump(name.strip(), tuple(_counts(text)))


def _counts(text: str) -> Iterator[Count]:
    """Names stand in full where they come first, later only their number does; files share one numbering."""
    names: dict[tuple[str, str], str] = {}
    place = {"ob": "", "fn": "", "fl": "", "source": ""}
    is_call = False
    for line in text.splitlines():
        if line.startswith("c") and line.partition("=")[0] in ("cob", "cfi", "cfl", "cfn"):
            _remember(names, line[1:])
        elif line.startswith("calls="):
            is_call = True
        elif found := _remember(names, line):
            kind, full = found
            place[kind if kind in ("ob", "fn") else "source"] = full
            if kind == "fl":
                place["fl"] = full
        elif cost := _COST.fullmatch(line):
            if not is_call:
                yield Count(place["ob"], place["fn"], place["fl"], place["source"], int(cost[1]))
            is_call = False


def _remember(names: dict[tuple[str, str], str], line: str) -> tuple[str, str] | None:
    found = _NAME.fullmatch(line)
    if found is None:
        return None
    kind, number, full = found.groups()
    namespace = kind if kind in ("ob", "fn") else "file"
    if full:
        names[namespace, number] = full
    return kind, names[namespace, number]
