"""Our driver on a current DPDK: what to expect when distributions move on."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.recovery import INVALID_TX_REQUEST, NO_WATCHDOG, complete_what_was_not_sent, recovers
from tests.lab.fixtures.driver import PciDriver, ours
from tests.lab.fixtures.guest import settles
from tests.lab.fixtures.traffic import SHORT, exchange
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def started(adapter: Adapter, current: Installation, handed_over: None) -> Iterator[PciDriver]:
    with ours(adapter.guest, adapter.nic, current) as driver:
        yield driver


def test_streams_cross_both_ways_on_a_dpdk_of_25_11_or_newer(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    exchange(started, peer)
    assert len(adapter.model.queues.receivers()) == 2
    said = adapter.guest.run(str(started.installation.aeronmd_dpdk), "--version")
    release = re.search(r"DPDK (\d+)\.(\d+)", said)
    assert release is not None and (int(release[1]), int(release[2])) >= (25, 11), said


def test_it_listens_to_no_hints_and_tells_what_the_device_says_of_its_configuration(
    adapter: Adapter, started: PciDriver
) -> None:
    assert not adapter.server.call(partial(adapter.model.hint, NO_WATCHDOG))
    assert adapter.server.call(partial(adapter.model.complain, 2))
    settles(lambda: "Sub-optimal configuration notification code: 2" in started.output, "it is told")


def test_a_device_that_fails_is_restarted_there_too(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    """Detected by the statistics of the burst functions, whose names may change; for keep-alives see
    test_added_modules."""
    fail = partial(complete_what_was_not_sent, adapter.model.faults)
    recovers(adapter, started, peer, fail, {INVALID_TX_REQUEST}, SHORT)
