"""Collected only with --compat, as in `./dev compat`: Maven downloads what is needed, in about a minute."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.system.conftest import clean_machine, maker, shared_testbed, testbed
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Maker, Testbed
from tests.system.fixtures.topology import End
from tests.system.test_ipv6_channels import six

__all__ = ["clean_machine", "maker", "shared_testbed", "six", "testbed"]

HERE = Path(__file__).parent
JAVA_TOOLS = ("java", "javac", "mvn")
JAVA_BUILD_TIMEOUT_S = 600
OPEN = ("java.base/sun.nio.ch", "java.base/jdk.internal.misc", "java.base/java.util.zip")


@pytest.fixture(scope="session")
def java() -> tuple[str, ...]:
    """The JVM with Aeron's jar and our classes. Built by Maven, which fetches Aeron's jar the first time."""
    missing = [tool for tool in JAVA_TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: openjdk-17-jdk-headless, maven)")
    build = ["mvn", "-q", "-B", "package"]
    done = subprocess.run(
        build, cwd=HERE, capture_output=True, text=True, timeout=JAVA_BUILD_TIMEOUT_S, check=False
    )
    if "Could not transfer" in done.stdout:
        pytest.skip(f"Maven reaches no repository: {done.stdout.splitlines()[0]}")
    assert done.returncode == 0, done.stdout
    opened = [word for module in OPEN for word in ("--add-opens", f"{module}=ALL-UNNAMED")]
    classes = f"{HERE}/target/compat-1.jar:{HERE}/target/dependency/*"
    return ("java", "-Xmx256m", "-XX:TieredStopAtLevel=1", *opened, "-cp", classes)


@pytest.fixture(params=["testbed", "six"], ids=["ipv4", "ipv6"])
def either(request: pytest.FixtureRequest) -> Testbed:
    found: Testbed = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["from_us", "to_us"])
def ends(either: Testbed, request: pytest.FixtureRequest) -> tuple[Driver, Driver]:
    return (either.ours, either.peer) if request.param == "from_us" else (either.peer, either.ours)


@pytest.fixture
def end(maker: Maker) -> Iterator[End]:
    """Where `localhost` is the port's address, which the kernel does not have: what arrives there has gone
    through our transport."""
    if maker.is_ours_kernel:
        pytest.skip("about our own driver, and --our-driver=kernel was given")
    with topology.straight("alone", is_ours_kernel=False) as wire:
        # Some tests go to [::1]; namespaces have no IPv6 by default.
        wire.ours.namespace.run("sysctl", "-qw", "net.ipv6.conf.lo.disable_ipv6=0")
        (wire.ours.namespace.configuration / "hosts").write_text(f"{wire.ours.address} localhost\n")
        yield wire.ours


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return None if config.getoption("--compat") else True
