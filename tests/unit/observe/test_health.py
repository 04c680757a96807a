"""What makes a driver unhealthy, and what does not."""

from dataclasses import replace

import pytest
from tests.unit.observe.views import INTERFACE, PORT, SECOND, VIEW, seen

from aeron_dpdk.observe.cnc import DriverFacts
from aeron_dpdk.observe.status import HEARTBEAT_MAX_AGE_MS, problems_of
from aeron_dpdk.observe.view import DriverView, NeighbourView
from aeron_dpdk.seam import Level

NOW_MS = 1_000_000
FACTS = DriverFacts(42, 0, NOW_MS - 900)
SILENT = NeighbourView("10.0.0.1", None, "failed", None, 0)


def of(**changes: object) -> DriverView:
    return seen(replace(INTERFACE, **changes))  # type: ignore[arg-type]


def test_a_driver_that_works_has_no_problem() -> None:
    assert problems_of(NOW_MS, FACTS, VIEW) == ()


@pytest.mark.parametrize(
    ("view", "problem"),
    [
        (of(port=replace(PORT, is_up=False)), "the link is down"),
        (
            of(port=replace(PORT, is_present=False)),
            "the device of the port, 0000:00:06.0, is gone or going: restart the driver once it is back",
        ),
        (of(port=replace(PORT, is_up=False, is_usable=False)), "the port is being restarted"),
        (of(neighbours=(SILENT,)), "the gateway 10.0.0.1 does not answer ARP"),
        (
            of(neighbours=(replace(SILENT, address="fe80::fe"),)),
            "the gateway fe80::fe does not answer neighbour solicitations",
        ),
        (of(mempools=(Level("adk_tx_0", 99, 99),)), "mempool adk_tx_0 is empty"),
    ],
)
def test_a_problem_is_named(view: DriverView, problem: str) -> None:
    assert problems_of(NOW_MS, FACTS, view) == (problem,)


def test_of_several_interfaces_the_one_with_the_problem_is_named() -> None:
    view = seen(INTERFACE, replace(SECOND, port=replace(SECOND.port, is_up=False)))
    assert problems_of(NOW_MS, FACTS, view) == ("dpdk1: the link is down",)


def test_a_conductor_without_a_heartbeat_is_a_problem() -> None:
    dead = DriverFacts(42, 0, NOW_MS - HEARTBEAT_MAX_AGE_MS - 1)
    assert problems_of(NOW_MS, dead, VIEW) == ("no heartbeat from Aeron's conductor for 10.0 s",)


def test_a_silent_neighbour_that_is_no_gateway_is_no_problem_of_the_driver() -> None:
    assert problems_of(NOW_MS, FACTS, of(neighbours=(replace(SILENT, address="10.0.0.9"),))) == ()


def test_a_view_survives_the_way_over_the_socket() -> None:
    for view in (VIEW, seen(INTERFACE, SECOND)):
        assert DriverView.from_json(view.to_json()) == view


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"error": "no"}', VIEW.to_json()[:-9]])
def test_anything_else_is_no_view(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        DriverView.from_json(text)
