"""What a driver costs while nothing happens: wake-ups and CPU time as counted by the kernel."""

import time
from collections.abc import Iterator

import pytest
from bench.standing import SETTLING_S, spent
from tests.system.fixtures import topology
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Maker

pytestmark = pytest.mark.usefixtures("dpdk_only")

IDLE_S = 4.0
WAKE_UPS_PER_SECOND = 20
# The goal is 0.2 %, which the bench checks; on a busy machine each wake-up costs more.
CPU_SHARE = 0.01


@pytest.fixture
def ours(maker: Maker) -> Iterator[Driver]:
    with topology.straight("idle", is_ours_kernel=maker.is_ours_kernel) as wire:
        driver = maker.ours(wire.ours, "idle-ours", AERON_DPDK_LOCAL_IPV6_ADDRESS="fd91::1")
        driver.start()
        yield driver
        driver.discard()


def test_an_idle_driver_sleeps(ours: Driver) -> None:
    time.sleep(SETTLING_S)
    before, started = spent(ours.pid), time.monotonic()
    time.sleep(IDLE_S)
    idle, elapsed_s = spent(ours.pid) - before, time.monotonic() - started
    assert idle.wake_ups <= WAKE_UPS_PER_SECOND * elapsed_s
    assert idle.cpu_s <= CPU_SHARE * elapsed_s
    assert ours.stop() == 0
