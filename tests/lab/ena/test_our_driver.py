"""Our driver on the model: DPDK's net_ena through vfio and an IOMMU."""

from collections.abc import Iterator
from functools import partial

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.lab.bed.driver import PciDriver, Way
from tests.lab.bed.guest import settles
from tests.lab.bed.traffic import exchange
from tests.lab.ena.conftest import Adapter
from tests.system.bed.driver import Driver
from tests.system.bed.namespace import packet_socket

# What a VPC carries, and the longest that Aeron fits into it: less the headers, in multiples of 32.
VPC_MTU = 9001
JUMBO_MTU_LENGTH = (VPC_MTU - 28) // 32 * 32
SMALL_BUFFER_BYTES = 2048
NUMBER_OF_BAD_FRAMES = 20

# The fewest descriptors that ENA has, for small mempools: the guest has few huge pages.
JUMBO = Way(
    is_by_root=False,
    settings={
        "AERON_DPDK_MTU": f"{VPC_MTU}",
        "AERON_MTU_LENGTH": f"{JUMBO_MTU_LENGTH}",
        "AERON_DPDK_RX_QUEUE_SIZE": "128",
        "AERON_DPDK_TX_QUEUE_SIZE": "128",
    },
)


def count(driver: Driver, name: str) -> int:
    return driver.counters().labelled(f"dpdk-{name}")


def test_the_kernel_pings_it(started: PciDriver, peer: Driver) -> None:
    assert " 2 received" in peer.end.namespace.run("ping", "-c", "2", "-w", "60", started.address)


def test_streams_cross_both_ways(started: PciDriver, peer: Driver) -> None:
    exchange(started, peer)


def test_one_queue_serves_both_threads_of_a_device_that_does_not_steer(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """RSS would spread the frames of one thread over queues that nobody polls."""
    exchange(started, peer)
    assert len(adapter.model.queues.receivers()) == 1
    assert count(started, "handoff-full") == 0


def test_the_link_is_seen_to_be_up_to_go_and_to_come_back(adapter: Adapter, started: PciDriver) -> None:
    settles(lambda: count(started, "port-info") == 1, "the link is up")
    for is_up in (False, True):
        changes = count(started, "link-changes")
        adapter.server.call(partial(adapter.model.set_link, is_up=is_up))
        settles(lambda: count(started, "link-changes") == changes + 1, f"is up: {is_up}")  # noqa: B023


def test_wrong_checksums_are_dropped_and_counted(adapter: Adapter, started: PciDriver) -> None:
    before = {name: count(started, name) for name in ("rx-udp-checksum", "rx-ipv4-checksum")}
    far = adapter.guest.far(adapter.nic)
    with packet_socket(adapter.guest.outside, adapter.nic.tap) as raw:
        for header, datagram in ((IP(), UDP(dport=9, chksum=0x1234)), (IP(chksum=0x1234), UDP(dport=9))):
            header.src, header.dst = far.address, started.address
            frame = bytes(Ether(src=far.mac, dst=adapter.nic.mac) / header / datagram / bytes(40))
            for _ in range(NUMBER_OF_BAD_FRAMES):
                raw.send(frame)
    settles(
        lambda: all(count(started, name) == was + NUMBER_OF_BAD_FRAMES for name, was in before.items()),
        "each frame is counted under its own fault",
    )


@pytest.fixture
def small_buffers(adapter: Adapter) -> Iterator[None]:
    """The device fills little of each buffer, so that a long frame arrives in several."""
    whole = adapter.model.most_in_a_buffer
    adapter.model.most_in_a_buffer = SMALL_BUFFER_BYTES
    yield
    adapter.model.most_in_a_buffer = whole


@pytest.fixture
def vpc_mtu(adapter: Adapter) -> Iterator[None]:
    """At the other end of the cable, too."""
    far = adapter.guest.far(adapter.nic)
    far.namespace.ip("link", "set", far.interface, "mtu", f"{VPC_MTU}")
    yield
    far.namespace.ip("link", "set", far.interface, "mtu", "1500")


@pytest.mark.parametrize("started", [JUMBO], ids=["ordinary_user"], indirect=True)
class TestByAnOrdinaryUserWithJumboFrames:
    def test_streams_cross_both_ways(
        self, adapter: Adapter, started: PciDriver, peer: Driver, vpc_mtu: None
    ) -> None:
        assert adapter.guest.run("stat", "-c", "%U", str(started.aeron_dir)).strip() == started.user
        exchange(started, peer, mtu=JUMBO_MTU_LENGTH)
        assert adapter.model.configuration.mtu == VPC_MTU
        assert adapter.model.counts.longest_tx > JUMBO_MTU_LENGTH

    def test_frames_that_arrive_in_several_segments_are_put_together(
        self, adapter: Adapter, started: PciDriver, peer: Driver, vpc_mtu: None, small_buffers: None
    ) -> None:
        before = adapter.model.counts.rx_in_segments
        exchange(started, peer, mtu=JUMBO_MTU_LENGTH)
        assert adapter.model.counts.rx_in_segments > before
