"""Our driver on the model: DPDK's net_ena through vfio and an IOMMU."""

from collections.abc import Iterator
from functools import partial

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.features import Limits
from tests.lab.fixtures.driver import PciDriver, Way
from tests.lab.fixtures.guest import settles
from tests.lab.fixtures.traffic import CONTENT, exchange
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.namespace import packet_socket
from tests.system.fixtures.testbed import next_port, transfer, udp

# The MTU in a VPC, and the longest that Aeron fits into it: less the headers, in multiples of 32.
VPC_MTU = 9001
JUMBO_MTU_LENGTH = (VPC_MTU - 28) // 32 * 32
SMALL_BUFFER_BYTES = 2048
NUMBER_OF_BAD_FRAMES = 20

# The fewest descriptors that ENA supports, for small mempools: the guest has few huge pages.
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


def queues_of_ports(adapter: Adapter) -> dict[int, set[int]]:
    seen = adapter.server.call(lambda: dict(adapter.model.queues_of_ports))
    return {port: set(queues) for port, queues in seen.items()}


def test_what_a_publication_waits_for_comes_to_the_senders_queue(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """Status messages go to the port that a publication sends from; the publication chose it by key and
    table."""
    before, handed_over = queues_of_ports(adapter).keys(), count(started, "rx-handed-over")
    for _ in range(3):
        transfer(started, peer, udp(peer.address, next_port()), **CONTENT)
    publications = queues_of_ports(adapter).keys() - before
    assert publications
    assert {frozenset(queues_of_ports(adapter)[each]) for each in publications} == {frozenset({1})}
    assert count(started, "rx-handed-over") == handed_over


def test_the_driver_says_that_it_chooses_source_ports(adapter: Adapter, started: PciDriver) -> None:
    tool = str(started.installation.aeronmd_dpdk.with_name("aeron-dpdk"))
    said = adapter.guest.run(tool, "status", "--aeron-dir", str(started.aeron_dir))
    assert "by hash, source ports chosen for it" in " ".join(said.split())


def test_a_stream_that_comes_to_the_wrong_queue_is_handed_over_and_whole(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """A publication with a control address sends from that port, so its frames can be made to go astray."""
    port, handed_over = next_port(), count(started, "rx-handed-over")
    control = next(each for each in iter(next_port, None) if comes_to(adapter, peer, each, port) == 1)
    source = f"aeron:udp?control={peer.address}:{control}|control-mode=dynamic"
    sink = f"aeron:udp?endpoint={started.address}:{port}|control={peer.address}:{control}"
    transfer(peer, started, source, sink, **CONTENT)
    assert queues_of_ports(adapter)[port] == {1}
    assert count(started, "rx-handed-over") >= handed_over + CONTENT["messages"]
    assert count(started, "handoff-full") == 0


def comes_to(adapter: Adapter, peer: Driver, source_port: int, port: int) -> int:
    """The queue, by the adapter's current table."""
    datagram = IP(src=peer.address, dst=adapter.nic.address) / UDP(sport=source_port, dport=port) / bytes(40)
    frame = bytes(Ether() / datagram)

    def choose() -> int:
        chosen = adapter.model.receiver(adapter.model.configuration.rss.hash_of(frame))
        assert chosen is not None
        return adapter.model.queues.receivers().index(chosen)

    return adapter.server.call(choose)


def test_the_link_is_seen_to_be_up_to_go_and_to_come_back(adapter: Adapter, started: PciDriver) -> None:
    settles(lambda: count(started, "port-info") == 1, "the link is up")
    for is_up in (False, True):
        changes = count(started, "link-changes")
        adapter.server.call(partial(adapter.model.set_link, is_up=is_up))
        settles(partial(has_changed, started, changes, is_up), f"is up: {is_up}")


def has_changed(driver: Driver, changes_before: int, is_up: bool) -> bool:
    return count(driver, "link-changes") > changes_before and count(driver, "port-info") == is_up


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
    """The device fills each buffer only partly, so that a long frame arrives in several."""
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


@pytest.mark.parametrize("generation", [Limits(has_rss_key=False)], ids=["without_key"], indirect=True)
@pytest.mark.parametrize("started", [JUMBO], ids=["ordinary_user"], indirect=True)
class TestByAnOrdinaryUserWithJumboFrames:
    def test_one_queue_serves_both_threads_where_the_key_is_not_known(
        self, adapter: Adapter, started: PciDriver
    ) -> None:
        assert len(adapter.model.queues.receivers()) == 1

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
