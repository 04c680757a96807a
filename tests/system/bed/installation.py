"""Where the things under test are: in the package under test and its build, nowhere else."""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAMS = REPOSITORY / "build" / "native" / "tests" / "system"
SANITISED = REPOSITORY / "build" / "sanitised"
REMEDY = "./dev build makes it, ./dev test makes all of them"


@dataclass(frozen=True, slots=True)
class Installation:
    """One build: the stock driver, ours, and the clients of tests/system/native."""

    aeronmd: Path
    aeronmd_dpdk: Path
    programs: Path
    package: Path
    """Where our driver's native half is loaded from."""


def find(is_sanitised: bool = False) -> Installation | str:
    """The installation, or the sentence that says what is missing. Sanitised: ours under ASan and UBSan."""
    spec = importlib.util.find_spec("aeron_dpdk")
    if spec is None or not spec.submodule_search_locations:
        return f"the package aeron_dpdk is not installed for {sys.executable}: {REMEDY}"
    package = Path(next(iter(spec.submodule_search_locations)))
    ours, under_test = Path(sys.executable).parent, package
    if is_sanitised:
        ours, under_test = SANITISED, SANITISED / "package" / "aeron_dpdk"
    found = Installation(package / "bin" / "aeronmd", ours / "aeronmd_dpdk", PROGRAMS, under_test)
    for path in (found.aeronmd, found.aeronmd_dpdk, found.programs / "subscribe"):
        if not path.exists():
            return f"{path} is missing: {REMEDY}"
    return found


def reports() -> str:
    """What the sanitisers have written, a text for each process they ended below the name of its file."""
    found = sorted((SANITISED / "reports").glob("report.*"))
    return "\n".join(f"{path}:\n{path.read_text()}" for path in found)
