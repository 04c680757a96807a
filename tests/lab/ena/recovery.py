"""An ENA that fails while streams run, and how its driver must react."""

import time
from collections.abc import Callable
from functools import partial

from tests.lab.ena.conftest import Adapter
from tests.lab.ena.model import Faults
from tests.lab.fixtures.driver import PciDriver
from tests.lab.fixtures.guest import settles
from tests.lab.fixtures.traffic import LASTING, Stream
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.testbed import Content

# ena_regs_reset_reason_types (DPDK drivers/net/ena/base/ena_defs/ena_regs_defs.h)
NORMAL, KEEP_ALIVE_TIMED_OUT, ADMIN_TIMED_OUT, MISSED_COMPLETIONS = 0, 1, 2, 3
INVALID_RX_REQUEST, INVALID_TX_REQUEST = 4, 5

# ENA_HW_HINTS_NO_TIMEOUT (DPDK drivers/net/ena/base/ena_com.h, Linux): the driver shall not wait for
# keep-alives.
NO_WATCHDOG = 0xFFFF
SHORT_WATCHDOG_MS = 2000
# Longer than a driver waits unless a hint says otherwise: six seconds (ENA_DEVICE_KALIVE_TIMEOUT).
LONGER_THAN_THE_WATCHDOG_S = 8


def stop_keep_alives(faults: Faults) -> None:
    faults.keep_alives_stop = True


def complete_what_was_not_sent(faults: Faults) -> None:
    faults.completions_are_wrong = True


def is_left_in_peace(adapter: Adapter) -> bool:
    """The device tells the driver not to wait for keep-alives, then is silent, and the driver accepts
    that. False if the driver does not listen to hints: then it was not told anything."""
    model, resets = adapter.model, len(adapter.model.reset_reasons)
    if not adapter.server.call(partial(model.hint, NO_WATCHDOG)):
        return False
    adapter.server.call(partial(stop_keep_alives, model.faults))
    time.sleep(LONGER_THAN_THE_WATCHDOG_S)
    assert KEEP_ALIVE_TIMED_OUT not in model.reset_reasons[resets:]
    return True


def recovers(
    adapter: Adapter,
    started: PciDriver,
    peer: Driver,
    fail: Callable[[], object],
    reasons: set[int],
    content: Content = LASTING,
) -> None:
    """Streams run, the device fails, the driver resets it once, for one of the reasons; nothing is lost.

    A guest that gets no CPU time for seconds misses keep-alives as well, and resets the device for that.
    Each reset ends a failure, and a failure that went unnoticed is injected again."""
    resets, before = len(adapter.model.reset_reasons), restarts_of(started)

    def found_wrong() -> list[int]:
        return [reason for reason in adapter.model.reset_reasons[resets:] if reason != NORMAL]

    streams = Stream.both_ways(started, peer, content)
    failures = 0

    def is_noticed() -> bool:
        nonlocal failures
        if reasons & {*found_wrong()}:
            return True
        if len(found_wrong()) >= failures:
            adapter.server.call(fail)
            failures += 1
        return False

    settles(is_noticed, "the driver resets the device")
    for stream in streams:
        stream.check()
    settles(lambda: has_restarted(started, before), "each restart is counted and logged")
    if len(found_wrong()) == 1:
        assert restarts_of(started) == tuple(each + 1 for each in before), started.output


def restarts_of(driver: PciDriver) -> tuple[int, int, int]:
    """Begun and completed according to the log, and completed according to the counter."""
    said = driver.output
    logged = (said.count("restarting the port"), said.count("the port runs again"))
    return *logged, driver.counters().labelled("dpdk-port-resets")


def has_restarted(driver: PciDriver, before: tuple[int, int, int]) -> bool:
    _, logged, counted = restarts_of(driver)
    return logged == counted > before[2]
