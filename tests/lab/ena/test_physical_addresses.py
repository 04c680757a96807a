"""Physical addresses, which the kernel tells to root only, and memory for DPDK when root is gone."""

import json
import sys
from collections.abc import Iterator

import pytest
from tests.lab.bed.driver import PciDriver
from tests.lab.bed.guest import ORDINARY_USER, settles
from tests.lab.bed.traffic import exchange
from tests.lab.ena.conftest import Adapter
from tests.system.bed.driver import Driver
from tests.system.bed.installation import Installation

PHYSICAL = "--iova-mode=pa"
# ena_regs_reset_reason_types (DPDK drivers/net/ena/base/ena_defs/ena_regs_defs.h)
KEEP_ALIVE_TIMED_OUT = 1
# What a restart does: gives memory back, and asks for as much. Prints whether it got it.
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


@pytest.fixture
def ours(adapter: Adapter, installed: Installation, handed_over: None) -> Iterator[PciDriver]:
    nic, settings = adapter.nic, {"AERON_DPDK_USER": ORDINARY_USER}
    near, options = adapter.guest.near(nic), (PHYSICAL,)
    driver = PciDriver(installed, near, "ena-physical", settings, device=nic.pci_address, eal_options=options)
    try:
        driver.start()
        yield driver
        assert driver.stop() == 0, driver.output
    finally:
        driver.discard()


@pytest.mark.parametrize(("arguments", "is_there_memory"), [((), False), (("keep",), True)])
def test_pages_that_are_kept_are_there_when_root_is_gone(
    adapter: Adapter, handed_over: None, arguments: tuple[str, ...], is_there_memory: bool
) -> None:
    said = adapter.guest.run(sys.executable, "-c", FREE_AND_ALLOCATE, *arguments)
    assert json.loads(said.splitlines()[-1]) == [True, is_there_memory]


def test_a_port_restarts_when_root_is_gone(adapter: Adapter, ours: PciDriver, peer: Driver) -> None:
    model, resets = adapter.model, len(adapter.model.reset_reasons)
    exchange(ours, peer)
    model.faults.keep_alives_stop = True
    settles(lambda: KEEP_ALIVE_TIMED_OUT in model.reset_reasons[resets:], "the driver resets the device")
    model.faults.keep_alives_stop = False
    settles(lambda: "the port runs again" in ours.output, "the port runs again")
    assert "port restart failed" not in ours.output
    exchange(ours, peer)
