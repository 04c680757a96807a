"""Fixtures: what is installed, a wire, drivers on it.

`testbed` is shared by all tests that leave it as they found it; a test that breaks wires or drivers makes
its own.
"""

import os
import shutil
from collections.abc import Iterator

import pytest
from tests.system.fixtures import installation, topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.namespace import sweep
from tests.system.fixtures.testbed import Maker, Testbed

TOOLS = ("ip", "ethtool", "sysctl")


def _missing() -> str:
    if os.geteuid() != 0:
        return "network namespaces need root"
    tools = [tool for tool in TOOLS if shutil.which(tool) is None]
    return f"not installed: {', '.join(tools)}" if tools else ""


@pytest.fixture(scope="session")
def clean_machine() -> None:
    if missing := _missing():
        pytest.skip(missing)
    sweep()


@pytest.fixture(scope="session")
def maker(clean_machine: None, pytestconfig: pytest.Config) -> Maker:
    found = installation.find(pytestconfig.getoption("--sanitised"))
    if isinstance(found, str):
        pytest.fail(found)
    return Maker(found, pytestconfig.getoption("--our-driver") == "kernel")


@pytest.fixture(autouse=True)
def nothing_reported(pytestconfig: pytest.Config) -> Iterator[None]:
    """With --sanitised, a test fails if the sanitisers report anything, whatever the test itself checks."""
    before = installation.reports()
    yield
    assert installation.reports() == before


@pytest.fixture(scope="session")
def shared_testbed(maker: Maker) -> Iterator[Testbed]:
    with topology.straight("shared", is_ours_kernel=maker.is_ours_kernel) as wire:
        with maker.testbed(wire, "shared") as testbed:
            yield testbed
            assert testbed.ours.stop() == (15 if maker.is_ours_kernel else 0), testbed.ours.output


@pytest.fixture
def testbed(shared_testbed: Testbed) -> Iterator[Testbed]:
    shared_testbed.start()
    yield shared_testbed
    shared_testbed.reap()
    assert shared_testbed.ours.is_running, f"our driver died:\n{shared_testbed.ours.output}"
    assert shared_testbed.peer.is_running, f"the peer died:\n{shared_testbed.peer.output}"


@pytest.fixture
def dpdk_only(maker: Maker) -> None:
    if maker.is_ours_kernel:
        pytest.skip("about our own driver, and --our-driver=kernel was given")


@pytest.fixture
def wire(maker: Maker, request: pytest.FixtureRequest) -> Iterator[topology.Wire]:
    """A wire for one test."""
    with topology.straight("own", is_ours_kernel=maker.is_ours_kernel) as made:
        yield made


@pytest.fixture
def own_testbed(maker: Maker, wire: topology.Wire) -> Iterator[Testbed]:
    """A testbed that the test may break: its wire and its drivers are not shared."""
    with maker.testbed(wire, "own", AERON_IMAGE_LIVENESS_TIMEOUT="15s") as made:
        yield made


@pytest.fixture(params=["from_us_to_the_kernel", "from_the_kernel_to_us"])
def flow(request: pytest.FixtureRequest, testbed: Testbed) -> tuple[Driver, Driver]:
    """(publisher's driver, subscriber's driver)"""
    return (
        (testbed.ours, testbed.peer)
        if request.param == "from_us_to_the_kernel"
        else (testbed.peer, testbed.ours)
    )
