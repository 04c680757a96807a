"""`./dev matrix [RELEASE...]`: the tests against each Debian release's own DPDK and Python.

A release's root has a clone of what is committed here, in which `./dev test` does the rest, as on a new
machine. Root and clone are kept: the next run installs and builds only what has changed. Two further rows:
`lowest` runs the unit tests with the oldest Python packages that pyproject.toml allows, `aarch64` the unit
and native tests with the Python and the DPDK of that machine's bundle, under user mode emulation.
"""

import os
import re
import sys
import tomllib
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from release import bundle
from release.project import PROJECT, ReleaseError, settings
from release.root import CACHE, Root
from release.steps import LOGS, end_with_children_on_sigterm, logged, say
from release.target import TARGETS

RELEASES = ("bookworm", "trixie", "sid")
LOWEST = "lowest"
EMULATED = "aarch64"
NOT_EMULATED = ("clang-format", "mypy", "ruff", "types-")  # what ./dev check runs
FIRST = ("git", "python3", "python3-dev", "python3-venv")  # ./dev installs everything else
TESTS = ("tests/unit", "tests/native", "tests/system/test_process.py", "tests/system/test_streams.py")
# The tests sweep /dev/shm and /run/netns of what dead processes left. The root has this machine's /dev but
# not its process ids, by which every other process here is dead. So both are the row's own, and end with it.
OWN_FOLDERS = """
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs -o mode=755 tmpfs /run
"""
IN_ROOT = f"""{OWN_FOLDERS}
git config --system --replace-all safe.directory '*'
[ -d /project ] || git clone --quiet /checkout /project
cd /project
git fetch --quiet origin HEAD
git reset --quiet --hard FETCH_HEAD
exec ./dev test "$@"
"""
# Without the tests that only read the sources, whose outcome does not depend on the machine, and without
# those that give up root: the emulator has a thread of its own, which keeps it and which they find in /proc.
# The root has no iproute2, by which tests of Linux's own interfaces make them.
EMULATED_TESTS = (
    *("tests/unit", "tests/native", "--ignore=tests/unit/rules"),
    "--ignore=tests/unit/machine/test_kernel_for_real.py",
    "--ignore=tests/unit/driver/test_privileges.py",
    "--deselect=tests/unit/driver/test_start_up.py::"
    "test_root_is_gone_before_aeron_makes_its_first_file_and_the_directory_is_the_users",
)
SUMMARY = re.compile(r"^=*\s*(\d+ (?:passed|failed|error).* in .*?)\s*=*$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    where: str
    has_passed: bool
    summary: str


def in_release(suite: str) -> Outcome:
    root = Root(suite, FIRST)
    if not root.folder.exists():
        say(f"a root of {suite}")
    root.make()
    command = ["env", *root.settings_of_pip(), "bash", "-ec", IN_ROOT, "dev", *TESTS]
    return tried(suite, lambda name: root.run(command, name, CACHE / "matrix"))


def with_lowest() -> Outcome:
    """On this machine, in a separate virtual environment."""
    folder = CACHE / LOWEST
    python = str(folder / "bin" / "python")
    venv.create(folder, clear=True, with_pip=True)
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text())["build-system"]["requires"]
    needed = [*build, *development()]
    pip = [python, "-m", "pip", "install", "--quiet"]
    # In two steps, since the build needs a newer cffi than the driver does.
    logged([*pip, *needed], "matrix-lowest-pip")
    logged([*pip, *lowest()], "matrix-lowest-pip")
    logged([*pip, "--no-build-isolation", "--no-deps", "--editable", "."], "matrix-lowest-pip")
    command = ["env", f"PATH={folder / 'bin'}:{os.environ['PATH']}", python, "-m", "pytest", "tests/unit"]
    return tried(LOWEST, lambda name: logged(command, name))


def emulated() -> Outcome:
    """In the root where that machine's bundle is built."""
    target = TARGETS[EMULATED]
    bundle.prepare(target)
    bundle.build_wheel(target)  # leaves the virtual environment in which tests.sh runs
    ours = settings()
    extras = [each for extra in ours["optional-dependencies"].values() for each in extra]
    tools = [each for each in development() if not each.startswith(NOT_EMULATED)]
    packages = [*ours["dependencies"], *extras, *tools]
    folder = target.out / "tests"
    bundle.download(target, packages, folder)
    (folder / "packages").write_text("\n".join(packages) + "\n")
    return tried(EMULATED, lambda name: bundle.run_script(target, "tests", *EMULATED_TESTS, log=name))


def development() -> list[str]:
    """The packages that tests and checks need."""
    found: list[str] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["dependency-groups"]["dev"]
    return found


def lowest() -> list[str]:
    """The packages that the driver and `export` need, each pinned to its lower bound."""
    ours = settings()
    return [
        each.replace(">=", "==") for each in (*ours["dependencies"], *ours["optional-dependencies"]["export"])
    ]


def tried(where: str, run: Callable[[str], None]) -> Outcome:
    name = f"matrix-{where}"
    say(f"the tests: {where}")
    try:
        run(name)
        has_passed = True
    except ReleaseError:
        has_passed = False
    log = (LOGS / f"{name}.log").read_text(errors="replace")
    return Outcome(where, has_passed, summary_in(log))


def summary_in(log: str) -> str:
    """pytest's closing line, or the last line of all if pytest did not get that far."""
    found = SUMMARY.findall(log)
    return found[-1] if found else (log.strip().splitlines() or ["no output"])[-1]


def main(wanted: Sequence[str]) -> int:
    others = {LOWEST: with_lowest, EMULATED: emulated}
    known = (*RELEASES, *others)
    unknown = [each for each in wanted if each not in known]
    if unknown:
        print(f"./dev matrix: there is no {unknown[0]}: name any of {', '.join(known)}.", file=sys.stderr)
        return 2
    end_with_children_on_sigterm()
    try:
        outcomes = [others[each]() if each in others else in_release(each) for each in wanted or known]
    except ReleaseError as error:
        print(f"./dev matrix: {error}", file=sys.stderr)
        return 1
    for each in outcomes:
        print(f"{each.where:10}{'green' if each.has_passed else 'RED':7}{each.summary}")
    return 0 if all(each.has_passed for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
