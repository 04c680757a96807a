"""IPv6 groups behind a switch that forwards them only to hosts that asked: the kernel as bridge, snooping,
querying."""

from collections.abc import Iterator

import pytest
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Maker, eventually, next_port, udp
from tests.system.fixtures.topology import SwitchedWire

pytestmark = pytest.mark.usefixtures("dpdk_only")

OURS = "fd91::1"
OUR_GROUP, GROUP = "ff02::1:ff00:1", "ff15::1235"  # Aeron's data group is odd


@pytest.fixture(scope="module", params=[2, 1], ids=["MLDv2", "MLDv1"])
def switched(maker: Maker, request: pytest.FixtureRequest) -> Iterator[tuple[SwitchedWire, Driver]]:
    made = topology.switched("mld", is_ours_kernel=maker.is_ours_kernel, mld_version=request.param)
    with made as net:
        driver = maker.ours(net.wire.ours, "mld-ours", AERON_DPDK_LOCAL_IPV6_ADDRESS=f"{OURS}/64")
        try:
            driver.start()
            yield net, driver
        finally:
            driver.discard()


def hears(net: SwitchedWire, *groups: str) -> bool:
    return set(groups) <= net.members().get("ours", set())


def test_the_switch_knows_our_own_group_and_the_channels_until_they_go(
    switched: tuple[SwitchedWire, Driver],
) -> None:
    net, ours = switched
    channel = udp(f"[{GROUP}]", next_port(), interface=f"[{OURS}]/64")
    subscriber = ours.client("subscribe", channel=channel, patient=True)
    subscriber.await_event("ready")
    eventually(lambda: hears(net, OUR_GROUP, GROUP), "the switch knows both")
    # Five seconds: longer than a membership lasts in the switch without answers to queries.
    queries = ours.counters().labelled("dpdk-mld-queries")
    eventually(lambda: ours.counters().labelled("dpdk-mld-queries") >= queries + 5, "queries come")
    eventually(lambda: hears(net, OUR_GROUP, GROUP), "the switch still knows both")
    subscriber.stop()
    eventually(lambda: not hears(net, GROUP), "the switch forgets the channel's")
    assert hears(net, OUR_GROUP)
    assert ours.stop() == 0, ours.output
    eventually(lambda: not hears(net, OUR_GROUP), "and ours")
