"""A guest with an ENA behind an IOMMU, and the model on this side."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.lab.bed.driver import BY_ROOT, PciDriver, Way, ours, peer_of
from tests.lab.bed.guest import Guest
from tests.lab.bed.hardware import Nic
from tests.lab.bed.kernel import Kernel
from tests.lab.ena.model import Ena
from tests.lab.machines import ENA, with_ena
from tests.lab.vfio_user.server import Server
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation


@dataclass(frozen=True, slots=True)
class Adapter:
    """The NIC in the guest and its model. A test reaches into the model by `server.call`."""

    guest: Guest
    nic: Nic
    model: Ena
    server: Server


@pytest.fixture(scope="package")
def adapter(guest_kernel: Kernel) -> Iterator[Adapter]:
    with with_ena(guest_kernel, "ena") as guest:
        server = guest.models[ENA.tap]
        assert isinstance(server.device, Ena)
        yield Adapter(guest, ENA, server.device, server)
        assert server.failure is None
        assert guest.process.is_running, f"the guest died:\n{guest.log}"


@pytest.fixture(scope="package")
def peer(adapter: Adapter, installed: Installation) -> Iterator[Driver]:
    with peer_of(adapter.guest, adapter.nic, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def handed_over(adapter: Adapter) -> Iterator[None]:
    with adapter.guest.handed_over(adapter.nic, pages=160):
        yield


@pytest.fixture(scope="module", params=[BY_ROOT], ids=["root"])
def started(
    adapter: Adapter, installed: Installation, handed_over: None, request: pytest.FixtureRequest
) -> Iterator[PciDriver]:
    way: Way = request.param
    with ours(adapter.guest, adapter.nic, installed, way) as driver:
        yield driver
