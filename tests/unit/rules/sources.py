"""The files that the house rules are about, as git sees them: tracked, or new and not ignored."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
NATIVE = ROOT / "native"
PACKAGE = ROOT / "src" / "aeron_dpdk"


@cache
def all_files() -> tuple[Path, ...]:
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.check_output(listing, cwd=ROOT, text=True).split("\0")
    return tuple(sorted(path for name in names if name and (path := ROOT / name).is_file()))


def files(*suffixes: str, below: Path = ROOT) -> list[Path]:
    return [path for path in all_files() if path.suffix in suffixes and path.is_relative_to(below)]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))
