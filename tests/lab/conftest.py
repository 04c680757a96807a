"""Fixtures: the kernel that guests boot, and the guest that most tests share.

Tests leave the shared guest as they found it: NICs with their kernel drivers and without addresses, no
huge pages.
"""

import compileall
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab.fixtures import boot, current_dpdk
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.kernel import Kernel, preparing_alone
from tests.lab.fixtures.operator import Operator
from tests.lab.machines import with_iommu
from tests.system.fixtures import installation
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.namespace import sweep


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lab: in a QEMU guest; -m 'not lab' leaves these out")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("lab")


@pytest.fixture(scope="session")
def installed() -> Installation:
    found = installation.find()
    if isinstance(found, str):
        pytest.fail(found)
    # Otherwise the emulated processor of each guest compiles it again: the guest sees these files read-only.
    compileall.compile_dir(found.aeronmd.parents[1], quiet=1)
    return found


@pytest.fixture(scope="session")
def guest_kernel() -> Kernel:
    if os.geteuid() != 0:
        pytest.skip("the lab's taps need root")
    if reason := boot.why_not():
        pytest.skip(f"no guest can run: {reason}")
    sweep()
    return boot.fetch()


@pytest.fixture(scope="session")
def current(installed: Installation, guest_kernel: Kernel) -> Installation:
    """With our driver built against the DPDK of Debian sid."""
    with preparing_alone():
        return current_dpdk.build(installed)


@pytest.fixture(scope="package")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with with_iommu(guest_kernel, "lab") as booted:
        yield booted
        assert booted.process.is_running, f"the guest died:\n{booted.log}"


@pytest.fixture(scope="package")
def operator(guest: Guest, installed: Installation) -> Operator:
    return Operator(guest, installed)


@pytest.fixture(scope="module")
def vfio(guest: Guest) -> Iterator[None]:
    """The modules, for a test that loads them itself."""
    guest.run("modprobe", "vfio-pci")
    yield
    guest.run("modprobe", "-r", "vfio-pci")
