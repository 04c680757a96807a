"""Only with --compat, which `./dev compat` gives: Maven fetches what is needed, and it takes a minute."""

from pathlib import Path

import pytest
from tests.system.conftest import clean_machine, maker, shared_testbed, testbed
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Testbed
from tests.system.test_ipv6_channels import six

__all__ = ["clean_machine", "maker", "shared_testbed", "six", "testbed"]


@pytest.fixture(params=["testbed", "six"], ids=["ipv4", "ipv6"])
def either(request: pytest.FixtureRequest) -> Testbed:
    found: Testbed = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["from_us", "to_us"])
def ends(either: Testbed, request: pytest.FixtureRequest) -> tuple[Driver, Driver]:
    return (either.ours, either.peer) if request.param == "from_us" else (either.peer, either.ours)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--compat") else True
