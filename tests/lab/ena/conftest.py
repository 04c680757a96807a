"""A guest with an ENA behind an IOMMU, and the model on this side."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.lab.ena.features import Limits
from tests.lab.ena.model import Ena, Faults
from tests.lab.fixtures.driver import BY_ROOT, PciDriver, Way, ours, peer_of
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.hardware import Nic
from tests.lab.fixtures.kernel import Kernel
from tests.lab.machines import ENA, with_ena
from tests.lab.vfio_user.server import Server
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation


@dataclass(frozen=True, slots=True)
class Adapter:
    """The NIC in the guest and its model. A test accesses the model through `server.call`."""

    guest: Guest
    nic: Nic

    @property
    def server(self) -> Server:
        return self.guest.models[self.nic.tap]

    @property
    def model(self) -> Ena:
        assert isinstance(self.server.device, Ena)
        return self.server.device

    def repair(self) -> None:
        self.model.faults = Faults()
        if not self.model.is_link_up:
            self.model.set_link(is_up=True)


@pytest.fixture(scope="package")
def adapter(guest_kernel: Kernel) -> Iterator[Adapter]:
    with with_ena(guest_kernel, "ena") as guest:
        found = Adapter(guest, ENA)
        yield found
        assert found.server.failure is None
        assert guest.process.is_running, f"the guest died:\n{guest.log}"


@pytest.fixture(autouse=True)
def healthy(request: pytest.FixtureRequest) -> Iterator[None]:
    """A fault that a test asked for ends with that test, whatever its result."""
    yield
    if "adapter" in request.fixturenames:
        found: Adapter = request.getfixturevalue("adapter")
        found.server.call(found.repair)


@pytest.fixture(scope="package")
def peer(adapter: Adapter, installed: Installation) -> Iterator[Driver]:
    with peer_of(adapter.guest, adapter.nic, installed) as driver:
        yield driver


@pytest.fixture(scope="module")
def handed_over(adapter: Adapter) -> Iterator[None]:
    with adapter.guest.handed_over(adapter.nic, pages=160):
        yield


@pytest.fixture(scope="module", params=[Limits()], ids=["generation"])
def generation(adapter: Adapter, request: pytest.FixtureRequest) -> Iterator[None]:
    """The adapter's capabilities, from the next reset on."""
    usual, adapter.model.limits = adapter.model.limits, request.param
    yield
    adapter.model.limits = usual


@pytest.fixture(scope="module", params=[BY_ROOT], ids=["root"])
def started(
    adapter: Adapter,
    installed: Installation,
    handed_over: None,
    generation: None,
    request: pytest.FixtureRequest,
) -> Iterator[PciDriver]:
    way: Way = request.param
    with ours(adapter.guest, adapter.nic, installed, way) as driver:
        yield driver
