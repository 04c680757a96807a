"""Sources of other projects that a test needs: one commit, by git, kept in .cache."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.system.fixtures.installation import REPOSITORY

CACHE = REPOSITORY / ".cache" / "compat"
FETCH_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Upstream:
    """`variable`: an environment variable that names another git repository with the same commit, a local
    one for example."""

    name: str
    url: str
    commit: str
    variable: str

    def checkout(self) -> Path:
        """Returns a folder with the files of the commit; skips the test if they cannot be fetched."""
        place = CACHE / f"{self.name}-{self.commit[:12]}"
        if not place.exists():
            part = place.with_suffix(".part")
            source = os.environ.get(self.variable) or self.url
            git = ("git", "-C", str(part))
            subprocess.run(("git", "init", "-q", str(part)), check=True)
            try:
                fetch = (*git, "fetch", "-q", "--depth", "1", source, self.commit)
                subprocess.run(fetch, check=True, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S)
            except subprocess.SubprocessError as error:
                said = getattr(error, "stderr", "") or error
                pytest.skip(f"{self.name} cannot be fetched from {source} ({self.variable}): {said}")
            subprocess.run(
                (*git, "-c", "advice.detachedHead=false", "checkout", "-q", self.commit), check=True
            )
            part.rename(place)
        return place
