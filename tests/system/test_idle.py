"""What a driver costs while nothing happens: wake-ups and CPU time as the kernel counts them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.system.bed import topology
from tests.system.bed.bed import Maker
from tests.system.bed.driver import Driver

pytestmark = pytest.mark.usefixtures("dpdk_only")

IDLE_S = 4.0
SETTLING_S = 3.0
WAKE_UPS_PER_SECOND = 20
# The goal is 0.2 %, which the bench looks at; a busy machine makes each wake-up dearer.
CPU_SHARE = 0.01
TURNED_BY_AERON = {"conductor", "sender", "receiver"}


@dataclass(frozen=True, slots=True)
class Spent:
    wake_ups: int
    cpu_s: float

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(self.wake_ups - before.wake_ups, self.cpu_s - before.cpu_s)


def spent(pid: int) -> Spent:
    """By all threads but those whose idle strategies are Aeron's."""
    wake_ups, cpu_ns = 0, 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().strip() in TURNED_BY_AERON:
            continue
        [line] = [
            line
            for line in (task / "status").read_text().splitlines()
            if line.startswith("voluntary_ctxt_switches")
        ]
        wake_ups += int(line.split()[1])
        cpu_ns += int((task / "schedstat").read_text().split()[0])
    return Spent(wake_ups, cpu_ns / 1e9)


@pytest.fixture
def ours(maker: Maker) -> Iterator[Driver]:
    with topology.straight("idle", is_ours_kernel=maker.is_ours_kernel) as wire:
        driver = maker.ours(wire.ours, "idle-ours")
        driver.start()
        yield driver
        driver.discard()


def test_an_idle_driver_sleeps(ours: Driver) -> None:
    time.sleep(SETTLING_S)  # both announcements of our address are over
    before, started = spent(ours.pid), time.monotonic()
    time.sleep(IDLE_S)
    idle, elapsed_s = spent(ours.pid) - before, time.monotonic() - started
    assert idle.wake_ups <= WAKE_UPS_PER_SECOND * elapsed_s
    assert idle.cpu_s <= CPU_SHARE * elapsed_s
    assert ours.stop() == 0
