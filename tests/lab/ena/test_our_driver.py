"""Our driver on the model: DPDK's net_ena through vfio and an IOMMU."""

from tests.lab.bed.driver import PciDriver
from tests.lab.bed.traffic import exchange
from tests.system.bed.driver import Driver


def test_the_kernel_pings_it(ours: PciDriver, peer: Driver) -> None:
    assert " 2 received" in peer.end.namespace.run("ping", "-c", "2", "-w", "60", ours.address)


def test_streams_cross_both_ways(ours: PciDriver, peer: Driver) -> None:
    exchange(ours, peer)
