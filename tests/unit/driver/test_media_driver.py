"""A driver inside another program: it runs on a thread of its own, and its errors are raised in the
program's."""

import threading
from pathlib import Path

import pytest
from tests.unit.driver.fakes import FakeParts, settings_in

from aeron_dpdk.driver.media_driver import MediaDriver
from aeron_dpdk.errors import EalError


def test_inside_the_with_statement_the_driver_runs_and_afterwards_it_is_closed(tmp_path: Path) -> None:
    fake = FakeParts()
    with MediaDriver(settings_in(tmp_path), fake.parts()) as driver:
        assert driver.is_running()
        assert driver.aeron_directory == "/dev/shm/aeron-of-a-fake"
        assert fake.log[-1] == "start"
    assert not driver.is_running()
    assert fake.log[-1] == "close eal"


def test_the_driver_leaves_no_thread_behind(tmp_path: Path) -> None:
    before = threading.active_count()
    with MediaDriver(settings_in(tmp_path), FakeParts().parts()):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_a_failing_start_raises_its_error_in_the_with_statement(tmp_path: Path) -> None:
    with pytest.raises(EalError, match="told to fail"):
        with MediaDriver(settings_in(tmp_path), FakeParts(fails_at="eal").parts()):
            pytest.fail("the driver is not there")


def test_an_error_of_the_program_is_passed_on_and_the_driver_is_closed(tmp_path: Path) -> None:
    fake = FakeParts()
    with pytest.raises(KeyError):
        with MediaDriver(settings_in(tmp_path), fake.parts()):
            raise KeyError
    assert fake.log[-1] == "close eal"


def test_a_client_that_terminates_the_driver_is_seen(tmp_path: Path) -> None:
    fake = FakeParts(terminated=True)
    with MediaDriver(settings_in(tmp_path), fake.parts()) as driver:
        driver.join()
        assert not driver.is_running()
    assert fake.log[-1] == "close eal"


def test_before_the_start_there_are_no_facts(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="with statement"):
        _ = MediaDriver(settings_in(tmp_path), FakeParts().parts()).ready
