"""Only with --compat, which `./dev compat` gives: Maven fetches what is needed, and it takes a minute."""

from pathlib import Path

import pytest
from tests.system.conftest import clean_machine, maker, shared_testbed, testbed

__all__ = ["testbed", "clean_machine", "maker", "shared_testbed"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--compat") else True
