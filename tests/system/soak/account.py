"""What a driver holds: after a soak it must be the same as before, to the last file and mbuf."""

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.system.fixtures.driver import Driver
from tests.system.fixtures.tool import aeron_dpdk

PAGE_KIB = os.sysconf("SC_PAGESIZE") // 1024
MEMORY_MARGIN_KIB = 48 * 1024  # touched pages of mempools and of Aeron's own buffers, which stay


@dataclass(frozen=True, slots=True)
class Account:
    """Numbers of things."""

    endpoints: int
    mbufs_in_use: int
    descriptors: int
    threads: int
    log_buffers: int
    counters: int


def account_of(driver: Driver) -> Account:
    view = aeron_dpdk("status", driver, "--json").json["driver"]["interfaces"][0]
    return Account(
        endpoints=view["endpoint_count"],
        mbufs_in_use=sum(each["length"] for each in view["mempools"]),
        descriptors=len(os.listdir(f"/proc/{driver.pid}/fd")),
        threads=len(os.listdir(f"/proc/{driver.pid}/task")),
        log_buffers=sum(1 for _ in driver.aeron_dir.glob("*/*.logbuffer")),
        counters=len(driver.counters().counters),
    )


def resident_kib(driver: Driver) -> int:
    return int(Path(f"/proc/{driver.pid}/statm").read_text().split()[1]) * PAGE_KIB


def excess(before: Account, now: Account) -> dict[str, tuple[int, int]]:
    """What there is more of now, with the numbers before and after."""
    pairs = {name: (number, asdict(now)[name]) for name, number in asdict(before).items()}
    return {name: pair for name, pair in pairs.items() if pair[1] > pair[0]}
