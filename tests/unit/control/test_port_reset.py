import pytest
from tests.unit.control.fakes import SECOND, START, FakeDataPlane

from aeron_dpdk.control.port_reset import FIRST_RETRY_NS, PortReset, ResetProgress


@pytest.fixture
def data_plane() -> FakeDataPlane:
    return FakeDataPlane()


def test_nothing_happens_until_a_reset_is_requested(data_plane: FakeDataPlane) -> None:
    reset = PortReset(data_plane)
    assert reset.step(START) is ResetProgress.IDLE
    data_plane.request_reset()
    assert reset.step(START) is ResetProgress.BEGUN


def test_a_reset_runs_until_the_data_threads_have_released_the_port(data_plane: FakeDataPlane) -> None:
    reset = PortReset(data_plane)
    data_plane.request_reset()
    data_plane.reset_steps.extend([True, True, False])
    progress = [reset.step(START + i) for i in range(5)]
    assert [each.name for each in progress] == ["BEGUN", "RUNNING", "RUNNING", "DONE", "IDLE"]


def test_a_failed_restart_is_tried_again_at_growing_intervals(data_plane: FakeDataPlane) -> None:
    reset = PortReset(data_plane)
    data_plane.request_reset()
    now_ns = START
    for gap_s in (1, 2, 4, 8, 16, 30, 30):
        assert reset.step(now_ns) is ResetProgress.BEGUN
        data_plane.reset_steps.append(OSError("the port does not start"))
        with pytest.raises(OSError):
            reset.step(now_ns)
        now_ns += gap_s * SECOND
        assert reset.step(now_ns - 1) is ResetProgress.WAITING


def test_after_a_success_the_next_failure_is_retried_soon_again(data_plane: FakeDataPlane) -> None:
    reset = PortReset(data_plane)
    data_plane.request_reset()
    data_plane.reset_steps.extend([OSError(), False, OSError()])
    reset.step(START)
    with pytest.raises(OSError):
        reset.step(START)
    assert reset.step(START + FIRST_RETRY_NS) is ResetProgress.BEGUN
    assert reset.step(START + FIRST_RETRY_NS) is ResetProgress.DONE

    data_plane.request_reset()
    reset.step(START + 2 * FIRST_RETRY_NS)
    with pytest.raises(OSError):
        reset.step(START + 2 * FIRST_RETRY_NS)
    assert reset.step(START + 3 * FIRST_RETRY_NS) is ResetProgress.BEGUN
