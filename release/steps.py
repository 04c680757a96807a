"""The steps of a release: announced on the terminal, logged to files; one that fails raises ReleaseError."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from release.project import PROJECT, ReleaseError

LOGS = PROJECT / ".cache" / "log"


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def logged(command: Sequence[str], name: str, cwd: Path = PROJECT) -> None:
    """Runs a command; raises ReleaseError with the end of the log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd, check=False)
    if done.returncode != 0:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise ReleaseError(f"{end}\n{name} failed: its output is in {log.relative_to(PROJECT)}")


def end_with_children_on_sigterm() -> None:
    """SIGTERM alone would leave the children running, and so would an exception while subprocess.run()
    starts one."""

    def end(number: int, _: object) -> None:
        for child in map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def run_verb(verb: str, make: Callable[[], Sequence[Path]], test: Sequence[str]) -> int:
    """Make and list the artefacts; with --test, try them out, which takes minutes: `test` is passed to
    pytest."""
    end_with_children_on_sigterm()
    try:
        made = make()
    except ReleaseError as error:
        print(f"./dev {verb}: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path.relative_to(PROJECT)}  {path.stat().st_size / 1e6:.1f} MB")
    if "--test" in sys.argv[1:]:
        return subprocess.call([sys.executable, "-m", "pytest", "-s", *test], cwd=PROJECT)
    return 0
