"""Aeron traffic between a guest and this machine's kernel, and the kernel's own."""

from tests.lab.bed.guest import Guest, settles
from tests.lab.bed.hardware import Nic
from tests.system.bed.bed import Content, next_port, transfer, udp
from tests.system.bed.driver import Driver

CONTENT: Content = {"messages": 200, "min": 1, "max": 12000}


def exchange(one: Driver, other: Driver) -> None:
    """A stream each way, compared byte by byte."""
    for source, sink in ((one, other), (other, one)):
        transfer(source, sink, udp(sink.address, next_port()), **CONTENT)


def take_address(guest: Guest, nic: Nic) -> None:
    """As an administrator would: an address for the kernel's interface, and the interface up."""
    interface = guest.interface(nic)
    guest.inside.ip("address", "add", guest.near(nic).cidr, "dev", interface)
    guest.inside.ip("link", "set", interface, "up")


def drop_address(guest: Guest, nic: Nic) -> None:
    interface = guest.interface(nic)
    guest.inside.ip("address", "flush", "dev", interface)
    guest.inside.ip("link", "set", interface, "down")


def await_ping(guest: Guest, nic: Nic) -> None:
    """The guest's kernel reaches the other end; the emulated link takes seconds to come up."""
    far = guest.far(nic).address
    settles(lambda: guest.attempt("ping", "-c", "1", far).returncode == 0, f"{far} answers")
