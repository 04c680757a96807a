"""Where the things under test are: in the package under test and its build, nowhere else."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAMS = REPOSITORY / "build" / "native" / "tests" / "system"
REMEDY = "./dev build makes it, ./dev test makes all of them"


@dataclass(frozen=True, slots=True)
class Installation:
    """One build: the stock driver, ours, and the clients of tests/system/native."""

    aeronmd: Path
    aeronmd_dpdk: Path
    programs: Path


def find() -> Installation | str:
    """The installation, or the sentence that says what is missing."""
    spec = importlib.util.find_spec("aeron_dpdk")
    if spec is None or not spec.submodule_search_locations:
        return f"the package aeron_dpdk is not installed for {sys.executable}: {REMEDY}"
    package = Path(next(iter(spec.submodule_search_locations)))
    found = Installation(package / "bin" / "aeronmd", Path(sys.executable).parent / "aeronmd_dpdk", PROGRAMS)
    for path in (found.aeronmd, found.aeronmd_dpdk, found.programs / "subscribe"):
        if not path.exists():
            return f"{path} is missing: {REMEDY}"
    return found
