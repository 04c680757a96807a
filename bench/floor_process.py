"""One side of a floor, which is what a link carries without Aeron: `python -m bench.floor_process
[--touch] JOB FILE`.

JOB and FILE are those of aeron_dpdk.tools.measure.load_process. With --touch whole payloads are written
and read, otherwise only their two ends.
"""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors import PortError
from aeron_dpdk.seam import DEFAULT_CACHE_SIZE
from aeron_dpdk.tools.measure.job import DpdkPort, LoadJob, PhaseKind, Role
from aeron_dpdk.tools.measure.load_process import main, measure, opened_eal
from aeron_dpdk.tools.measure.load_thread import error_text, floor_function

TOUCH = "--touch"


class FloorGenerator:
    """A generator over its own port, without Aeron; opened and closed by the control thread."""

    def __init__(self, port: DpdkPort, *, touches: bool) -> None:
        """Raises PortError."""
        settings = {
            "mtu": port.mtu or 0,
            "rx_mempool_cache_size": DEFAULT_CACHE_SIZE,
            "tx_mempool_cache_size": DEFAULT_CACHE_SIZE,
            "local_ipv4": int(port.local_interface.ip),
            "threads_shared": True,
        }
        self._floor = lib.adk_floor_open(ffi.new("adk_settings_t *", settings), touches)
        if self._floor == ffi.NULL:
            raise PortError(error_text(), lib.adk_error_code())

    def close_port(self) -> None:
        """To be called when neither side uses the link any more."""
        lib.adk_floor_close(self._floor)

    def open(self, cpu: int) -> Any:
        return self._floor if lib.adk_floor_begin(self._floor, cpu) == 0 else ffi.NULL

    def stop(self, opened: Any) -> None:
        lib.adk_floor_stop(opened)

    def close(self, opened: Any) -> None:
        """The port stays open until the other side is done too."""

    def function(self, role: Role, kind: PhaseKind) -> Any:
        return floor_function(role, kind)


def run(job: LoadJob, report: Path, *, touches: bool) -> None:
    assert job.port is not None
    with opened_eal(job.port):
        floor = FloorGenerator(job.port, touches=touches)
        try:
            measure(floor, job, None, report)
        finally:
            floor.close_port()


if __name__ == "__main__":
    touches = sys.argv[1] == TOUCH
    sys.exit(main(partial(run, touches=touches), *sys.argv[-2:]))
