"""Only with --compat, which `./dev compat` gives: Maven fetches what is needed, and it takes a minute."""

from pathlib import Path

import pytest
from tests.system.conftest import clean_machine, maker, shared_testbed, testbed
from tests.system.test_ipv6_channels import six

__all__ = ["clean_machine", "maker", "shared_testbed", "six", "testbed"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--compat") else True
