"""A guest with an 82599, and operations on it for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from tests.lab.fixtures.boot import boot
from tests.lab.fixtures.guest import Guest
from tests.lab.fixtures.hardware import Hardware, ModelledNic
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.traffic import CONTENT
from tests.lab.ixgbe import registers as r
from tests.lab.ixgbe.device import Ixgbe
from tests.lab.ixgbe.nic import Nic
from tests.lab.machines import IOMMU_PARAMETERS
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import next_port, transfer, udp

IXGBE = ModelledNic("82599", subnet=9, slot=9, make=Ixgbe)


@contextmanager
def with_82599(kernel: Kernel, label: str) -> Iterator[Guest]:
    with boot(kernel, Hardware((IXGBE,)), label, IOMMU_PARAMETERS) as guest:
        yield guest


def model(guest: Guest) -> Nic:
    """To be used only in the device's own thread."""
    device = guest.models[IXGBE.tap].device
    assert isinstance(device, Ixgbe)
    return device.nic


def set_carrier(guest: Guest, *, is_up: bool) -> None:
    """Plug the cable in, or pull it."""
    guest.models[IXGBE.tap].call(lambda: model(guest).set_carrier(is_up=is_up))


def queues_of_ports(guest: Guest) -> dict[int, set[int]]:
    """By UDP destination port: the queues that its datagrams have been put into so far."""
    seen = guest.models[IXGBE.tap].call(lambda: dict(model(guest).queues_of_ports))
    return {port: set(queues) for port, queues in seen.items()}


def forget_ports(guest: Guest) -> None:
    model(guest).queues_of_ports.clear()


def exchange_in_own_queues(guest: Guest, ours: Driver, peer: Driver) -> None:
    """Streams both ways. Status messages go to the port that a publication sends from: the sender's."""
    # A previous driver may have used the same ports.
    guest.models[IXGBE.tap].call(partial(forget_ports, guest))
    port = next_port()
    transfer(peer, ours, udp(ours.address, port), **CONTENT)
    assert queues_of_ports(guest)[port] == {0}
    transfer(ours, peer, udp(peer.address, next_port()), **CONTENT)
    publications = queues_of_ports(guest).keys() - {port}
    assert publications
    assert {frozenset(queues_of_ports(guest)[each]) for each in publications} == {frozenset({1})}


def frames_dropped(guest: Guest) -> int:
    """Frames dropped because a queue was full."""
    return guest.models[IXGBE.tap].call(lambda: model(guest).dropped)


def drops_when_full(guest: Guest, queue: int) -> bool:
    server = guest.models[IXGBE.tap]
    return bool(server.call(lambda: model(guest).registers.get(r.srrctl(queue), 0)) & r.SRRCTL_DROP)
