"""A setup that is killed half-way: undo still finds what it had done, and what it was about to do."""

from collections.abc import Iterator

import pytest
from tests.lab.fixtures.guest import Guest, settles
from tests.lab.fixtures.operator import Operator, state
from tests.lab.fixtures.traffic import drop_address, take_address
from tests.lab.machines import E1000E
from tests.system.fixtures.process import ChildProcess

LINE_TIMEOUT_S = 120.0


@pytest.fixture(scope="module")
def before(guest: Guest) -> Iterator[str]:
    take_address(guest, E1000E)
    yield state(guest, E1000E)
    drop_address(guest, E1000E)


def kill_after(operator: Operator, step: str) -> None:
    """Kill a setup, and its children, once it has reported the step that begins with `step`."""
    command = operator.command("setup", "--yes", "--nic", E1000E.pci_address)
    process = ChildProcess(operator.guest.inside.command(*command))
    try:
        while (line := process.next_line(LINE_TIMEOUT_S)) is not None and not line.startswith(step):
            pass
        assert process.is_running, process.output
    finally:
        process.kill()
    settles(
        lambda: operator.guest.attempt("pgrep", "-f", "aeron-dpdk setup").returncode == 1, "setup is gone"
    )


@pytest.mark.parametrize("step", ["/sys/devices/system/node", "network configuration"])
def test_undo_after_a_kill_gives_everything_back(operator: Operator, before: str, step: str) -> None:
    try:
        kill_after(operator, step)
    finally:
        operator.undo()
    settles(lambda: state(operator.guest, E1000E) == before, before)
