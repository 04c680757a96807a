"""What the tests of the bundle on a NIC share."""

import os
from dataclasses import replace

import pytest
from release.bundle import STAGE
from release.project import name
from tests.system.fixtures import installation
from tests.system.fixtures.installation import Installation

# The tree that the archive was made from, where an ordinary user of a guest may read it.
TREE = STAGE / name()


@pytest.fixture(scope="session")
def bundled() -> Installation:
    """The clients are this checkout's, the driver is the bundle's."""
    if not TREE.exists() or os.geteuid() != 0:
        pytest.skip("needs root and the bundle's tree (./dev bundle --test)")
    found = installation.find()
    assert not isinstance(found, str), found
    return replace(found, aeronmd_dpdk=TREE / "aeronmd_dpdk")
