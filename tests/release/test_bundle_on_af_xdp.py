"""The bundle's net_af_xdp, with its own libbpf and libxdp. Run by `./dev bundle --test`."""

from tests.system.fixtures import topology
from tests.system.fixtures.installation import Installation
from tests.system.fixtures.testbed import AF_XDP, Maker, next_port, transfer, udp


def test_the_bundles_driver_exchanges_streams_over_af_xdp_with_the_stock_driver_on_the_kernel(
    bundled: Installation,
) -> None:
    maker = Maker(bundled, is_ours_kernel=False)
    with topology.straight("bundle", is_ours_kernel=False) as wire:
        ours = maker.dpdk(wire.ours, AF_XDP, "bundle-ours")
        peer = maker.kernel(wire.peer, "bundle-peer")
        try:
            for driver in (ours, peer):
                driver.start()
            for source, sink in ((ours, peer), (peer, ours)):
                transfer(source, sink, udp(sink.address, next_port()), messages=1000, min=1, max=20000)
            assert ours.stop() == 0, ours.output
        finally:
            ours.discard()
            peer.discard()
