from aeron_dpdk.control.data_plane import Link
from aeron_dpdk.control.interface import LinkEdge, LinkMonitor

UP = Link(True, True, 10_000)
DOWN = Link(False, False, 0)


def test_a_link_that_is_up_from_the_start_is_no_edge() -> None:
    assert LinkMonitor().observe(UP) is None


def test_each_change_is_one_edge() -> None:
    monitor = LinkMonitor()
    seen = [monitor.observe(link) for link in (UP, DOWN, DOWN, UP, UP, DOWN)]
    assert seen == [None, LinkEdge.WENT_DOWN, None, LinkEdge.CAME_UP, None, LinkEdge.WENT_DOWN]


def test_a_link_that_only_changes_speed_is_no_edge() -> None:
    monitor = LinkMonitor()
    assert monitor.observe(Link(True, True, 1000)) is None
    assert monitor.observe(Link(True, True, 0)) is None
