"""A Python program with a media driver inside: EAL arguments, AERON_ environment, ends with SIGTERM."""

import os
import signal
import sys
import threading

from aeron_dpdk.driver.media_driver import MediaDriver
from aeron_dpdk.driver.settings import make_settings


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    with MediaDriver(make_settings(os.environ, (), sys.argv[1:])) as driver:
        print(f"aeronmd_dpdk is ready: embedded, {driver.aeron_directory}", flush=True)
        while not stop.wait(0.1):
            pass


if __name__ == "__main__":
    main()
