"""The bundle's driver on a PCI NIC in a guest of the lab. Run by `./dev bundle --test`."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures import boot
from tests.lab.fixtures.driver import ours, peer_of
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.traffic import exchange
from tests.lab.machines import E1000E, with_iommu
from tests.system.fixtures.installation import Installation


@pytest.fixture(scope="module")
def guest(bundled: Installation) -> Iterator[Guest]:
    if reason := boot.why_not():
        pytest.skip(f"no guest can run: {reason}")
    with with_iommu(boot.fetch(), "bundle") as booted:
        booted.run("modprobe", "vfio-pci")
        yield booted


def test_the_bundles_driver_exchanges_streams_over_a_nic_with_the_stock_driver_on_the_kernel(
    guest: Guest, bundled: Installation
) -> None:
    with (
        guest.handed_over(E1000E),
        peer_of(guest, E1000E, bundled) as peer,
        ours(guest, E1000E, bundled) as driver,
    ):
        exchange(driver, peer)
