"""The port's device goes away: that is reported once, and it stays gone."""

import pytest

from aeron_dpdk.driver.device_watch import PERIOD_NS, DeviceWatch


def test_a_device_that_goes_away_is_reported_once_and_stays_gone(caplog: pytest.LogCaptureFixture) -> None:
    answers = [True, False, True]
    watch = DeviceWatch("0000:00:06.0", lambda: answers.pop(0), lambda: False)
    assert watch.is_present()
    for second in (1, 2, 3):
        watch.step(second * PERIOD_NS)
    assert not watch.is_present()
    assert [record.getMessage() for record in caplog.records] == [
        "the device of the port, 0000:00:06.0, is gone: restart the driver once it is back"
    ]


def test_a_device_that_the_kernel_waits_to_remove_counts_as_gone(caplog: pytest.LogCaptureFixture) -> None:
    watch = DeviceWatch("0000:00:06.0", lambda: True, lambda: True)
    assert not watch.is_present() and not watch.is_present()
    assert [record.getMessage() for record in caplog.records] == [
        "0000:00:06.0 is about to be removed, and the kernel waits for it: stop the driver"
    ]


def test_it_is_looked_for_once_a_second() -> None:
    looks = []

    def look() -> bool:
        looks.append(True)
        return True

    watch = DeviceWatch("0000:00:06.0", look, lambda: False)
    for tenth in range(1, 31):
        watch.step(tenth * PERIOD_NS // 10)
    assert len(looks) in (3, 4)
