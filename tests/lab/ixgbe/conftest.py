"""A guest with an 82599 behind an IOMMU, and a stock driver at the other end of the cable."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.driver import peer_of
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.kernel import Kernel
from tests.lab.ixgbe.machine import IXGBE, with_82599
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation


@pytest.fixture(scope="package")
def guest(guest_kernel: Kernel) -> Iterator[Guest]:
    with with_82599(guest_kernel, "ixgbe") as booted:
        yield booted
        assert booted.models[IXGBE.tap].failure is None
        assert booted.process.is_running, f"the guest died:\n{booted.log}"


@pytest.fixture(scope="package")
def peer(guest: Guest, installed: Installation) -> Iterator[Driver]:
    with peer_of(guest, IXGBE, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def handed_over(guest: Guest) -> Iterator[None]:
    with guest.handed_over(IXGBE, pages=160):
        yield
