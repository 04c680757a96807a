"""A wire with a driver on each end, and what nearly every test does with it: move a stream across."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.system.bed.client import Digest, digest_of
from tests.system.bed.driver import DpdkDriver, Driver
from tests.system.bed.installation import Installation
from tests.system.bed.topology import End, Wire, namespaces

# Small enough to stay clear of the kernel's ephemeral ports (32768 and up).
_ports = itertools.count(20000)
SETTLE_TIMEOUT_S = 20.0

# Options of publisher and subscriber alike: how many messages, how long, of which seed.
Content = dict[str, Any]

AF_PACKET = "net_af_packet0,iface={interface}"
AF_XDP = "net_af_xdp0,iface={interface}"
TAP = "net_tap0,iface={interface},mac={mac}"


def next_port() -> int:
    """A UDP port no other test of this run uses."""
    return next(_ports)


def udp(address: str, port: int, **parameters: object) -> str:
    extra = "".join(f"|{name.replace('_', '-')}={value}" for name, value in parameters.items())
    return f"aeron:udp?endpoint={address}:{port}{extra}"


def eventually(holds: Callable[[], bool], what: str, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
    """Wait for something that must come true; how soon is not what is tested."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.05)


def transfer(source: Driver, sink: Driver, channel: str, sink_channel: str = "", **options: Any) -> Digest:
    """Publish on one driver, subscribe on the other, compare what was sent with what came. Returns it."""
    receiving = {name: value for name, value in options.items() if name not in {"exclusive", "interval_us"}}
    subscriber = sink.client("subscribe", channel=sink_channel or channel, **receiving)
    subscriber.await_event("ready")
    publisher = source.client("publish", channel=channel, **options)
    sent = {entry["session_id"]: digest_of(entry) for entry in publisher.finish()["publications"]}
    subscriptions = subscriber.finish()["subscriptions"]
    came = {entry["session_id"]: digest_of(entry) for one in subscriptions for entry in one["sources"]}
    assert came == sent
    return next(iter(sent.values()))


@dataclass
class Bed:
    wire: Wire
    ours: Driver
    peer: Driver

    def start(self) -> None:
        for driver in (self.ours, self.peer):
            if not driver.is_running:
                driver.start()

    def reap(self) -> None:
        self.ours.reap()
        self.peer.reap()

    def discard(self) -> None:
        self.ours.discard()
        self.peer.discard()


@dataclass(frozen=True)
class Maker:
    """Makes drivers of the installation under test."""

    installation: Installation
    is_ours_kernel: bool

    def ours(self, end: End, label: str = "ours", **settings: str) -> Driver:
        if self.is_ours_kernel:
            return Driver(self.installation, end, label, settings)
        return self.dpdk(end, AF_PACKET, label, settings=settings)

    def dpdk(self, end: End, device: str, label: str = "ours", **fields: Any) -> DpdkDriver:
        """`fields`: further ones of DpdkDriver."""
        return DpdkDriver(self.installation, end, label, device=device, **fields)

    def kernel(self, end: End, label: str = "peer", **settings: str) -> Driver:
        return Driver(self.installation, end, label, settings)

    @contextmanager
    def tap(self, label: str, **fields: Any) -> Iterator[tuple[DpdkDriver, End]]:
        """Our driver on net_tap, and the kernel's end of the tap: one interface of one namespace."""
        with namespaces(label) as (namespace,):
            end = End(namespace, "port0", "02:ad:00:00:00:01", "10.91.0.1", is_kernel=False)
            kernel = End(namespace, "port0", "02:ad:00:00:00:02", "10.91.0.2")
            device = TAP.format(interface=end.interface, mac=end.mac)
            driver = self.dpdk(end, device, f"{label}-ours", **fields)
            try:
                driver.start()
                # The PMD gives the kernel's side the port's own MAC, as no two hosts on a wire have.
                namespace.ip("link", "set", kernel.interface, "address", kernel.mac)
                kernel.take_address()
                yield driver, kernel
            finally:
                driver.discard()

    @contextmanager
    def bed(self, wire: Wire, label: str, **settings: str) -> Iterator[Bed]:
        bed = Bed(
            wire,
            self.ours(wire.ours, f"{label}-ours", **settings),
            self.kernel(wire.peer, f"{label}-peer", **settings),
        )
        try:
            bed.start()
            yield bed
        finally:
            bed.discard()
