"""./dev explains itself in sentences, before anything is installed."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def dev(*arguments: str, path: str = os.environ["PATH"]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "dev"), *arguments]
    environment = {**os.environ, "PATH": path}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_help_lists_every_verb() -> None:
    run = dev("--help")
    verbs = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ")]
    assert run.returncode == 0
    assert verbs == [
        "demo",
        "bench",
        "test",
        "sanitised",
        "attack",
        "soak",
        "compat",
        "check",
        "lab",
        "build",
        "fuzz",
        "bundle",
        "packages",
        "image",
        "matrix",
        "run",
    ]


def test_an_unknown_verb_shows_the_known_ones_and_fails() -> None:
    run = dev("frobnicate")
    assert run.returncode != 0
    assert "usage: ./dev VERB" in run.stdout


def test_run_without_a_command_says_what_is_missing() -> None:
    run = dev("run")
    assert run.returncode != 0
    assert "./dev: Say what to run: ./dev run CMD..." in run.stderr


def test_a_system_without_apt_is_told_what_to_install(tmp_path: Path) -> None:
    run = dev("build", path=str(tmp_path))
    assert run.returncode != 0
    assert "./dev: This is not Debian or Ubuntu: install the equivalent of gcc " in run.stderr
