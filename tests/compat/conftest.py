"""Only with --compat, which `./dev compat` gives: Maven fetches what is needed, and it takes a minute."""

from pathlib import Path

import pytest
from tests.system.conftest import bed, clean_machine, maker, shared_bed

__all__ = ["bed", "clean_machine", "maker", "shared_bed"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--compat") else True
