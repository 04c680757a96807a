"""Linux validates the model: Debian's unmodified ena.ko, and the usual operations on an interface."""

import re
from collections.abc import Iterator
from functools import partial

import pytest
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.features import Limits
from tests.lab.ena.recovery import (
    INVALID_TX_REQUEST,
    KEEP_ALIVE_TIMED_OUT,
    SHORT_WATCHDOG_MS,
    is_left_in_peace,
)
from tests.lab.fixtures.driver import GuestDriver
from tests.lab.fixtures.guest import settles
from tests.lab.fixtures.traffic import await_ping, drop_address, exchange, take_address
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

SHUTDOWN = 11  # ena_regs_reset_reason_types (ena_regs_defs.h)


@pytest.fixture(scope="module", autouse=True)
def addressed(adapter: Adapter) -> Iterator[None]:
    take_address(adapter.guest, adapter.nic)
    await_ping(adapter.guest, adapter.nic)
    yield
    drop_address(adapter.guest, adapter.nic)


def statistic(adapter: Adapter, name: str) -> int:
    shown = adapter.guest.run("ethtool", "-S", adapter.guest.interface(adapter.nic))
    found = re.search(rf"^ *{name}: (\d+)$", shown, re.MULTILINE)
    assert found is not None, shown
    return int(found[1])


def test_the_interface_has_what_an_instance_shows(adapter: Adapter) -> None:
    interface = adapter.guest.interface(adapter.nic)
    features = adapter.guest.run("ethtool", "-k", interface)
    assert "rx-checksumming: on" in features
    assert "tx-checksumming: on" in features
    assert "tcp-segmentation-offload: off" in features
    assert "Unknown" in adapter.guest.run("ethtool", interface)


def test_a_stream_crosses_both_ways_through_stock_aeronmd(
    adapter: Adapter, peer: Driver, installed: Installation
) -> None:
    near = adapter.guest.near(adapter.nic, is_kernel=True)
    ours = GuestDriver(installed, near, "ena-kernel")
    try:
        ours.start()
        exchange(ours, peer)
        assert ours.stop() in (0, 15), ours.output
    finally:
        ours.discard()
    assert statistic(adapter, "queue_0_rx_csum_good") + statistic(adapter, "queue_1_rx_csum_good") > 0
    assert statistic(adapter, "queue_0_rx_csum_bad") + statistic(adapter, "queue_1_rx_csum_bad") == 0
    assert adapter.model.counts.refused_segmentations == 0


def test_an_mtu_of_a_vpc_carries_what_fits_it(adapter: Adapter) -> None:
    guest, far = adapter.guest, adapter.guest.far(adapter.nic)
    interface = guest.interface(adapter.nic)
    ends = ((guest.inside, interface), (far.namespace, adapter.nic.tap))
    try:
        for namespace, name in ends:
            namespace.ip("link", "set", name, "mtu", "9001")
        assert adapter.model.configuration.mtu == 9001
        said = guest.run("ping", "-c", "2", "-w", "60", "-M", "do", "-s", "8973", far.address)
        assert " 2 received" in said
    finally:
        for namespace, name in ends:
            namespace.ip("link", "set", name, "mtu", "1500")


def test_exceeded_allowances_are_what_ethtool_shows(adapter: Adapter) -> None:
    def exceed() -> None:
        adapter.model.metrics.bw_in, adapter.model.metrics.linklocal = 1234, 5678

    adapter.server.call(exceed)
    assert statistic(adapter, "bw_in_allowance_exceeded") == 1234
    assert statistic(adapter, "linklocal_allowance_exceeded") == 5678


def test_the_link_goes_down_and_comes_back(adapter: Adapter) -> None:
    carrier = f"/sys/class/net/{adapter.guest.interface(adapter.nic)}/carrier"
    adapter.server.call(lambda: adapter.model.set_link(is_up=False))
    settles(lambda: adapter.guest.read(carrier) == "0", "the carrier is gone")
    adapter.server.call(lambda: adapter.model.set_link(is_up=True))
    settles(lambda: adapter.guest.read(carrier) == "1", "the carrier is back")
    await_ping(adapter.guest, adapter.nic)


def test_a_device_without_keep_alives_is_reset_and_carries_on(adapter: Adapter) -> None:
    """It is not reset while the device says that drivers need not wait for keep-alives."""
    before = len(adapter.model.reset_reasons)
    assert is_left_in_peace(adapter)
    adapter.server.call(partial(adapter.model.hint, SHORT_WATCHDOG_MS))
    settles(lambda: KEEP_ALIVE_TIMED_OUT in adapter.model.reset_reasons[before:], "the driver resets")
    await_ping(adapter.guest, adapter.nic)


def test_a_completion_for_a_packet_that_nobody_sent_is_answered_by_a_reset(adapter: Adapter) -> None:
    before = len(adapter.model.reset_reasons)
    adapter.model.faults.completions_are_wrong = True
    adapter.guest.attempt("ping", "-c", "1", "-w", "1", adapter.guest.far(adapter.nic).address)
    settles(lambda: INVALID_TX_REQUEST in adapter.model.reset_reasons[before:], "the driver resets")
    await_ping(adapter.guest, adapter.nic)


def test_the_module_leaves_and_comes_back_to_an_adapter_without_llq(adapter: Adapter) -> None:
    before = len(adapter.model.reset_reasons)
    usual, adapter.model.limits = adapter.model.limits, Limits(has_llq=False)
    try:
        adapter.guest.run("modprobe", "-r", "ena")
        adapter.guest.run("modprobe", "ena")
        assert SHUTDOWN in adapter.model.reset_reasons[before:]
        take_address(adapter.guest, adapter.nic)
        await_ping(adapter.guest, adapter.nic)
    finally:
        adapter.model.limits = usual
    assert {each.placement.is_in_device for each in adapter.model.queues.submission.values()} == {False}
