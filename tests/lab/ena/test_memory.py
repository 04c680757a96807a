"""Memory: too little of it, and what DPDK can still use after root is given up, including physical
addresses."""

import json
import sys
from functools import partial

import pytest
from tests.lab.ena.conftest import Adapter
from tests.lab.ena.features import Limits
from tests.lab.ena.recovery import KEEP_ALIVE_TIMED_OUT, SHORT_WATCHDOG_MS, stop_keep_alives
from tests.lab.fixtures.driver import PciDriver, Way
from tests.lab.fixtures.guest import ORDINARY_USER, PATIENCE_S, settles
from tests.lab.fixtures.traffic import LASTING, SHORT, Stream
from tests.system.fixtures.driver import Driver
from tests.system.fixtures.installation import Installation

from aeron_dpdk.exit_code import ExitCode

PHYSICAL = "--iova-mode=pa"
# What a restart does: frees memory, and allocates the same amount again. Prints whether that worked.
FREE_AND_ALLOCATE = f"""
import ctypes, ctypes.util, json, os, pwd, sys
from aeron_dpdk.native import Eal
eal = Eal(["test", "--in-memory", "--no-pci", "{PHYSICAL}"])
dpdk = ctypes.CDLL(ctypes.util.find_library("rte_eal"))
dpdk.rte_malloc.restype = ctypes.c_void_p
dpdk.rte_malloc.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint]
dpdk.rte_free.argtypes = [ctypes.c_void_p]
before = dpdk.rte_malloc(None, 8 << 20, 0)
if "keep" in sys.argv:
    eal.keep_pages()
nobody = pwd.getpwnam("{ORDINARY_USER}").pw_uid
os.setresuid(nobody, nobody, nobody)
dpdk.rte_free(before)
print(json.dumps([bool(before), bool(dpdk.rte_malloc(None, 8 << 20, 0))]))
"""


def test_too_little_memory_is_an_error_with_a_remedy_and_no_crash(
    adapter: Adapter, installed: Installation, handed_over: None
) -> None:
    """net_ena crashes when it is closed with queues that it never allocated (docs/facts.md)."""
    much = {"AERON_DPDK_MTU": "9001", "AERON_DPDK_TX_QUEUE_SIZE": "1024"}
    driver = Way(settings=much).driver(adapter.guest, adapter.nic, installed)
    try:
        assert driver.launch().wait(PATIENCE_S) == ExitCode.MEMORY, driver.output
    finally:
        driver.discard()
    assert "cannot be created" in driver.output
    assert "reserve more huge pages" in driver.output


@pytest.mark.parametrize(("arguments", "is_there_memory"), [((), False), (("keep",), True)])
def test_pages_that_are_kept_are_there_when_root_is_gone(
    adapter: Adapter, handed_over: None, arguments: tuple[str, ...], is_there_memory: bool
) -> None:
    said = adapter.guest.run(sys.executable, "-c", FREE_AND_ALLOCATE, *arguments)
    assert json.loads(said.splitlines()[-1]) == [True, is_there_memory]


# On an adapter without LLQ, whose queues are all in this memory.
@pytest.mark.parametrize("generation", [Limits(has_llq=False)], ids=["without_llq"], indirect=True)
@pytest.mark.parametrize("started", [Way(eal_options=(PHYSICAL,))], ids=["root"], indirect=True)
def test_a_port_restarts_under_running_streams_when_root_is_gone(
    adapter: Adapter, started: PciDriver, peer: Driver
) -> None:
    model, resets = adapter.model, len(adapter.model.reset_reasons)
    assert {each.placement.is_in_device for each in model.queues.submission.values()} == {False}
    # On a DPDK that listens to hints, the device makes it notice sooner.
    is_soon = adapter.server.call(partial(model.hint, SHORT_WATCHDOG_MS))
    streams = Stream.both_ways(started, peer, SHORT if is_soon else LASTING)
    adapter.server.call(partial(stop_keep_alives, model.faults))
    settles(lambda: KEEP_ALIVE_TIMED_OUT in model.reset_reasons[resets:], "the driver resets the device")
    for stream in streams:
        stream.check()
    assert "the port runs again" in started.output
    assert "port restart failed" not in started.output
