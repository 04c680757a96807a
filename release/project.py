"""What a release is made from: the checkout, its version and its commit."""

import platform
import subprocess
import tomllib
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
DIST = PROJECT / "dist"


class ReleaseError(Exception):
    """One sentence: what failed, and where its output is."""


def settings() -> dict[str, Any]:
    """The [project] table of pyproject.toml."""
    found: dict[str, Any] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return found


def name(machine: str = platform.machine()) -> str:
    """The name of the bundle's top folder."""
    return f"aeron-dpdk-{settings()['version']}-linux-{machine}"


def git(*arguments: str) -> str:
    """Git's answer about the checkout. Raises ReleaseError."""
    try:
        return subprocess.check_output(["git", *arguments], cwd=PROJECT, text=True).strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise ReleaseError(f"git {' '.join(arguments)} failed ({error}): run it in a checkout.") from None


def commit_time() -> int:
    """Seconds since 1970. Every file in an artefact gets this time, so that one commit always gives the
    same artefact."""
    return int(git("log", "-1", "--format=%ct"))
