"""Our driver on a current DPDK: what to expect when distributions move on."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.driver import PciDriver, ours
from tests.lab.fixtures.guest import Guest
from tests.lab.ixgbe.machine import IXGBE, exchange_in_own_queues
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def started(guest: Guest, current: Installation, handed_over: None) -> Iterator[PciDriver]:
    with ours(guest, IXGBE, current) as driver:
        yield driver


def test_streams_cross_both_ways_and_each_threads_frames_in_its_own_queue(
    guest: Guest, started: PciDriver, peer: Driver
) -> None:
    exchange_in_own_queues(guest, started, peer)
