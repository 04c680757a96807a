"""NICs that setup leaves alone: those that the machine depends on, and those that cannot be taken
individually."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.operator import Operator, state
from tests.lab.fixtures.traffic import drop_address, take_address
from tests.lab.machines import NEIGHBOURS, VIRTIO

REFUSED = 22


@pytest.fixture(scope="module", autouse=True)
def nic_of_the_machine(guest: Guest, operator: Operator) -> Iterator[None]:
    """One NIC has an address and the default route."""
    take_address(guest, VIRTIO)
    guest.inside.ip("route", "add", "default", "via", guest.far(VIRTIO).address)
    with operator.giving_back():
        yield
    drop_address(guest, VIRTIO)


def test_the_nic_with_the_default_route_stays(operator: Operator, guest: Guest) -> None:
    before = state(guest, VIRTIO)
    done = operator.attempt("setup", "--yes", "--nic", VIRTIO.pci_address)
    assert done.returncode == REFUSED
    assert "default route" in done.stderr
    assert f"--force {VIRTIO.pci_address}" in done.stderr
    assert state(guest, VIRTIO) == before


def test_the_nic_that_an_ssh_session_comes_through_stays(operator: Operator, guest: Guest) -> None:
    guest.inside.ip("route", "delete", "default")
    session = f"{guest.far(VIRTIO).address} 50000 {VIRTIO.address} 22"
    command = operator.command("setup", "--yes", "--nic", VIRTIO.pci_address)
    done = guest.attempt("env", f"SSH_CONNECTION={session}", *command)
    assert done.returncode == REFUSED
    assert "SSH" in done.stderr
    assert guest.driver(VIRTIO) == "virtio-pci"


def test_one_nic_of_a_shared_iommu_group_stays(operator: Operator, guest: Guest) -> None:
    one, other = NEIGHBOURS
    done = operator.attempt("setup", "--yes", "--nic", one.pci_address)
    assert done.returncode == REFUSED
    assert f"IOMMU group {guest.iommu_group(one)}" in done.stderr
    assert other.pci_address in done.stderr
    assert guest.driver(one) == "e1000"
