"""Aeron's own C and C++ system tests, each with `aeronmd_dpdk` in the place of the driver that it embeds.

Their channels use `localhost`, which here has the port's address. A few name 127.0.0.1, which our driver
leaves to Aeron's sockets.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.compat.sources import Upstream
from tests.system.fixtures.installation import REPOSITORY
from tests.system.fixtures.namespace import unique
from tests.system.fixtures.process import ChildProcess
from tests.system.fixtures.testbed import AF_PACKET, Maker
from tests.system.fixtures.topology import End

HERE = Path(__file__).parent / "aeron"
BUILD = REPOSITORY / "build" / "compat-aeron"
# The commit that cmake/aeron.cmake's sdist was made from; the sdist has no tests.
AERON = Upstream(
    "aeron",
    "https://github.com/aeron-io/aeron.git",
    "63c11a6914e69621d05996265f4aa6d58fc6d092",
    "AERON_TESTS_SOURCE",
)
CMAKE = str(Path(sys.executable).parent / "cmake")
BUILD_TIMEOUT_S = 1800
RUN_TIMEOUT_S = 900.0
C = (
    *("c_cnc", "c_local_addresses", "c_multi_destination", "c_system", "c_terminate"),
    *("spy_subscribable_race", "timestamps"),
)
CPP = (
    *("Counters", "Image", "LivenessTimeout", "LocalAddresses", "MultiDestinationById", "MultiDestination"),
    *("PubSub", "PublicationRevoke", "RejectImage", "ResponseChannels", "System", "WrapperSystem"),
)
DRIVER = """#!/bin/sh
exec {ours} --no-huge --no-shconf -m 256 --no-pci --no-telemetry --vdev={device} >>{log} 2>&1
"""


@pytest.fixture(scope="module")
def tree() -> Path:
    """A configured build of all of them, in which each test builds its own program."""
    sources = os.environ.get("AERON_SOURCE_DIR") or AERON.checkout()
    libraries = REPOSITORY / "build" / "native" / "aeron" / "lib"
    chosen = (f"-DAERON_TESTS={sources}", f"-DAERON_LIBRARIES={libraries}")
    configure = (CMAKE, "-S", str(HERE), "-B", str(BUILD), "-G", "Ninja", *chosen)
    subprocess.run(configure, check=True, timeout=BUILD_TIMEOUT_S)
    return BUILD


@pytest.mark.parametrize("name", [*C, *CPP])
def test_a_program_of_aerons_tests_passes(
    name: str, tree: Path, end: End, maker: Maker, tmp_path: Path
) -> None:
    build = (CMAKE, "--build", str(tree), "--target", name)
    subprocess.run(build, check=True, timeout=BUILD_TIMEOUT_S)
    log = tmp_path / "driver.log"
    driver = tmp_path / "driver"
    device = AF_PACKET.format(interface=end.interface)
    driver.write_text(DRIVER.format(ours=maker.installation.aeronmd_dpdk, device=device, log=log))
    driver.chmod(0o755)
    # The C++ client looks in the default directory, which is named after the user.
    user = unique("tests")
    settings = {
        variable: value for variable, value in os.environ.items() if not variable.startswith("AERON_")
    }
    settings |= {"USER": user, "AERON_DIR": f"/dev/shm/aeron-{user}", "COMPAT_DRIVER": str(driver)}
    settings |= {"AERON_DPDK_LOCAL_IPV4_ADDRESS": end.cidr}
    program = ChildProcess(end.namespace.command(str(tree / name)), settings)
    code = program.wait(RUN_TIMEOUT_S)
    print(program.output, log.read_text(), sep="\n")
    assert code == 0
