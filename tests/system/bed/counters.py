"""Reading a driver's counters and error log from its CnC file, as AeronStat would."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counter:
    type_id: int
    value: int
    label: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    pid: int
    counters: tuple[Counter, ...]
    errors: tuple[str, ...]

    def labelled(self, text: str) -> int:
        """The one counter whose label begins with `text`; KeyError when there is none, or more."""
        values = [counter.value for counter in self.counters if counter.label.startswith(text)]
        if len(values) != 1:
            raise KeyError(f"{len(values)} counters are labelled {text!r}")
        return values[0]

    def of_type(self, type_id: int) -> tuple[Counter, ...]:
        return tuple(counter for counter in self.counters if counter.type_id == type_id)


def read(command: Sequence[str]) -> Snapshot | None:
    """What the `counters` program says, or None while the driver has not made its CnC file."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    listing = json.loads(done.stdout)
    return Snapshot(
        listing["pid"],
        tuple(Counter(entry["type_id"], entry["value"], entry["label"]) for entry in listing["counters"]),
        tuple(entry["text"] for entry in listing["errors"]),
    )
