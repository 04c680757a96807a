"""A port whose device asks for a restart, while it carries streams and another interface does too.

The port is a tap, since net_af_packet cannot be started again once stopped.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.client import digest_of, received_by
from tests.system.fixtures.counters import Snapshot
from tests.system.fixtures.driver import DpdkDriver, Driver
from tests.system.fixtures.port_restart import resetting, restart
from tests.system.fixtures.testbed import AF_PACKET, TAP, Content, Maker, next_port, udp
from tests.system.fixtures.topology import End, join

pytestmark = pytest.mark.usefixtures("dpdk_only")

RESTARTS = 3
STEADY, RESTARTING = "10.95.0.1", "10.91.0.1"
# Long enough to include all restarts, and slow enough that frames wait only during a pause.
CONTENT: Content = {"messages": 20_000, "min": 32, "max": 1200, "interval_us": 500}
RECEIVED: Content = {"messages": 20_000, "min": 32, "max": 1200}
# Counts of delayed or dropped frames of an interface.
PAUSES = ("tx-eagain", "tx-reset", "tx-nobufs", "handoff-full", "port-resets", "link-changes")
# A restarted tap has no carrier for a moment, so the kernel's end of it has no route.
PATIENT = {"AERON_IMAGE_LIVENESS_TIMEOUT": "20s", "AERON_PUBLICATION_CONNECTION_TIMEOUT": "20s"}


@dataclass(frozen=True)
class Place:
    ours: DpdkDriver
    beside: Driver
    """On the kernel's end of the tap."""
    far: Driver
    kernel: End
    """That end."""
    steady: str
    """What the counters of the interface that is let alone begin with."""
    restarting: str

    @property
    def drivers(self) -> tuple[Driver, ...]:
        return self.ours, self.beside, self.far

    def restart(self) -> None:
        restart(self.ours, 0 if self.restarting == "dpdk-" else 1)
        part_from_the_port(self.kernel)


def part_from_the_port(kernel: End) -> None:
    """At each start net_tap gives the kernel's end the port's own MAC; no two hosts on a wire may share
    one."""
    kernel.namespace.ip("link", "set", kernel.interface, "address", kernel.mac)


@pytest.fixture(params=["first", "further"])
def place(maker: Maker, request: pytest.FixtureRequest) -> Iterator[Place]:
    """The interface that restarts is the driver's first, or the other one."""
    is_first = request.param == "first"
    with topology.namespaces("restart-ours", "restart-far") as (here, there), ExitStack() as undo:
        tap = End(here, "tap0", "02:ad:00:00:00:01", RESTARTING, is_kernel=False)
        kernel = End(here, "tap0", "02:ad:00:00:00:02", "10.91.0.2")
        steady = End(here, "port1", "02:ad:00:00:05:01", STEADY, is_kernel=False)
        far = End(there, "eth0", "02:ad:00:00:05:02", "10.95.0.2")
        join(steady, far)
        ends = (tap, steady) if is_first else (steady, tap)
        devices = [
            TAP.format(interface=end.interface, mac=end.mac)
            if end is tap
            else AF_PACKET.format(interface=end.interface)
            for end in ends
        ]
        ours = maker.dpdk(
            ends[0],
            devices[0],
            "restart-driver",
            further_devices=(devices[1],),
            memory=("--no-huge", "--no-shconf", "-m", "512"),
            program=resetting(maker.installation),
            settings={"AERON_DPDK_1_LOCAL_IPV4_ADDRESS": ends[1].cidr, **PATIENT},
        )
        peers = maker.kernel(kernel, "restart-beside", **PATIENT), maker.kernel(far, "restart-far", **PATIENT)
        for driver in (ours, *peers):
            undo.callback(driver.discard)
        ours.start()
        part_from_the_port(kernel)
        kernel.take_address()
        for driver in peers:
            driver.start()
        names = ("dpdk-1-", "dpdk-") if is_first else ("dpdk-", "dpdk-1-")
        yield Place(ours, *peers, kernel, *names)
        assert ours.stop() == 0, ours.output


def pauses(snapshot: Snapshot, prefix: str) -> dict[str, int]:
    return {name: snapshot.labelled(f"{prefix}{name}") for name in PAUSES}


def test_a_restart_ends_no_stream_and_holds_up_none_of_another_interface(place: Place) -> None:
    ours, beside, far = place.drivers
    ways = [
        (far, ours, udp(STEADY, next_port())),
        (ours, far, udp(far.address, next_port())),
        (beside, ours, udp(RESTARTING, next_port())),
        (ours, beside, udp(beside.address, next_port())),
    ]
    sinks = [sink.client("subscribe", channel=channel, **RECEIVED) for _, sink, channel in ways]
    for sink in sinks:
        sink.await_event("ready")
    sources = [source.client("publish", channel=channel, **CONTENT) for source, _, channel in ways]
    for source in sources:
        source.await_event("connected")
    before = pauses(ours.counters(), place.steady)
    for _ in range(RESTARTS):
        place.restart()
    assert all(source.is_running for source in sources), "the restarts fell into the streams"
    for source, sink in zip(sources, sinks, strict=True):
        [sent] = source.finish()["publications"]
        assert received_by(sink) == [digest_of(sent)]
    after = ours.counters()  # from seconds after the restarts: they are published at intervals
    assert pauses(after, place.steady) == before
    assert after.labelled(f"{place.restarting}port-resets") == RESTARTS
