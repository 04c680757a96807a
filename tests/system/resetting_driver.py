"""`aeronmd_dpdk` on devices that ask for a restart on command: signal SIGRTMAX - N, for port N.

The request is made as a poll-mode driver would: rte_eth_dev_callback_process(), on another thread.
"""

import ctypes
import signal
import threading
from pathlib import Path

from aeron_dpdk import native  # noqa: F401 - brings DPDK's libraries into the process
from aeron_dpdk.driver.main import main

INTERRUPT_RESET = 3  # RTE_ETH_EVENT_INTR_RESET (rte_ethdev.h)
NAME_LENGTH = 64  # RTE_ETH_NAME_MAX_LEN
# Not the first real-time signals: net_tap takes one of those for itself.
PORTS = {signal.SIGRTMAX - port: port for port in range(4)}


def ethdev() -> ctypes.CDLL:
    [path] = {
        line.split()[-1]
        for line in Path("/proc/self/maps").read_text().splitlines()
        if "librte_ethdev" in line
    }
    library = ctypes.CDLL(path)
    library.rte_eth_dev_allocated.restype = ctypes.c_void_p
    library.rte_eth_dev_callback_process.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    return library


def ask_for_restarts() -> None:
    library = ethdev()
    name = ctypes.create_string_buffer(NAME_LENGTH)
    while True:
        port = PORTS[signal.sigwait(PORTS)]
        assert library.rte_eth_dev_get_name_by_port(port, name) == 0
        library.rte_eth_dev_callback_process(library.rte_eth_dev_allocated(name), INTERRUPT_RESET, None)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, PORTS)  # threads created later inherit the mask
    threading.Thread(target=ask_for_restarts, daemon=True).start()
    main()
