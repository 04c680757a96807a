"""Instructions of our own code per frame: the part `cost`. They are exact, so a table of them is kept in
the tree."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.native import dpdk_version
from bench import PROGRAMS
from bench.callgrind import Count, Dump, read

PROGRAM = PROGRAMS / "cost"
KEPT_TABLE = Path(__file__).with_name("instructions.json")
TIMEOUT_S = 300
OUR_LIBRARY = "libcost.so"
PROGRAMS_SOURCE = re.compile(r"(^|/)(bench|tests)/native/")
# Bytes are copied by rte_memcpy() and the intrinsics it uses.
COPY = re.compile(r"/rte_memcpy\.h$|intrin\.h$")


@dataclass(frozen=True, slots=True)
class CostRow:
    """One call of the poll or the send function. `ours` counts our code, including what was inlined into
    it, except for copying the payload, which is `copy`; `libraries` counts the functions it called, except
    the PMD's.
    """

    direction: str
    message_length: int
    frames: int
    checksums: str
    ours: int
    copy: int
    libraries: int


@dataclass(frozen=True, slots=True)
class CostTable:
    """For one compiler and one version of DPDK."""

    compiler: str
    dpdk: str
    rows: tuple[CostRow, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "CostTable":
        fields = json.loads(text)
        return cls(fields["compiler"], fields["dpdk"], tuple(CostRow(**row) for row in fields["rows"]))

    def row(
        self, direction: str, frames: int, message_length: int = 32, checksums: str = "device"
    ) -> CostRow:
        """Raises KeyError."""
        wanted = (direction, frames, message_length, checksums)
        for row in self.rows:
            if (row.direction, row.frames, row.message_length, row.checksums) == wanted:
                return row
        raise KeyError(wanted)


def why_not() -> str | None:
    """None if the cost can be counted."""
    if shutil.which("valgrind") is None:
        return "valgrind is not installed"
    if not PROGRAM.exists():
        return "its program is not built: ./dev bench builds it"
    return None


def count() -> CostTable:
    """Raises LoadError. Takes some seconds; the figures do not depend on other load on the machine."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory, "out")
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-line=yes"]
        done = subprocess.run(
            [*command, f"--callgrind-out-file={out}", str(PROGRAM)],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        if done.returncode != 0:
            raise LoadError("cost program", " / ".join(done.stderr.splitlines()[-6:]))
        files = sorted(out.parent.glob("out.*"), key=lambda path: int(path.suffix[1:]))
        dumps = [read(path) for path in files]
    rows = sorted((row_of(dump) for dump in dumps), key=_order)
    return CostTable(compiler(PROGRAMS.parent), dpdk_version(), tuple(rows))


def _order(row: CostRow) -> tuple[str, str, int, int]:
    return row.direction, row.checksums, row.message_length, row.frames


def row_of(dump: Dump) -> CostRow:
    """The program names its regions like "receive 32 1 device": direction, length, frames, who computes
    checksums."""
    direction, length, frames, checksums = dump.name.split()
    programs = {count.function for count in dump.counts if PROGRAMS_SOURCE.search(count.source)}
    counted = [count for count in dump.counts if count.function not in programs]
    ours = [count for count in counted if Path(count.library).name == OUR_LIBRARY]
    copy = _total(count for count in ours if COPY.search(count.source))
    libraries = [count for count in counted if Path(count.library).name != OUR_LIBRARY and not _is_pmd(count)]
    return CostRow(
        direction, int(length), int(frames), checksums, _total(ours) - copy, copy, _total(libraries)
    )


def _is_pmd(count: Count) -> bool:
    return Path(count.library).name.startswith("librte_net_")


def _total(counts: Iterable[Count]) -> int:
    return sum(count.instructions for count in counts)


def compiler(build: Path) -> str:
    """Name and version, as CMake found them, and the vector extension of this CPU that software checksums
    use."""
    vectors = "AVX2" if " avx2 " in Path("/proc/cpuinfo").read_text() else "no AVX2"
    for path in build.glob("CMakeFiles/*/CMakeCCompiler.cmake"):
        text = path.read_text()
        found = [re.search(rf'set\(CMAKE_C_COMPILER_{what} "([^"]*)"\)', text) for what in ("ID", "VERSION")]
        return " ".join(match[1] for match in found if match) + f", {vectors}"
    return "unknown"
