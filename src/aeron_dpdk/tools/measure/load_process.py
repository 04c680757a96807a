"""One side of a measurement: `python -m aeron_dpdk.tools.measure.load_process JOB FILE`.

JOB is a LoadJob as returned by to_json(). Prints "ready" on standard output once its peer may start and
"done" after its last phase, when FILE contains a LoadReport; then waits for the end of standard input
before it closes anything. When the peer goes, the memif PMD unmaps its rings from one thread while another
may be polling them (rte_eth_memif.c memif_disconnect()): so neither side may leave while the other still
measures.

A thread stays in C for as long as the load runs; the main thread is the control plane, as in aeronmd_dpdk.
"""

import ctypes
import faulthandler
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from aeron_dpdk.control.loop import ControlLoop
from aeron_dpdk.control.routing import Identity, Routing
from aeron_dpdk.errors import explain
from aeron_dpdk.errors.measure import LoadError
from aeron_dpdk.machine.facts.cpus import kernel_trusts_tsc
from aeron_dpdk.native import Eal, Stack, stock_driver
from aeron_dpdk.seam import StackSettings
from aeron_dpdk.tools.measure.job import DpdkPort, LoadJob
from aeron_dpdk.tools.measure.load_thread import AeronGenerator, Generator, LoadThread

PR_SET_PDEATHSIG = 1  # prctl(2)


def die_with_parent() -> None:
    """Lets the kernel kill this process when its parent dies, so that no load runs on by itself."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def opened_eal(port: DpdkPort) -> Iterator[None]:
    eal = Eal(("load_process", *port.eal_arguments))
    try:
        yield
    finally:
        eal.close()


@contextmanager
def opened_stack(port: DpdkPort, threads_shared: bool) -> Iterator[Stack]:
    interface = port.local_interface
    stack = Stack(
        StackSettings(
            interface.ip,
            prefix_length=interface.network.prefixlen,
            mtu=port.mtu,
            threads_shared=threads_shared,
            trusts_tsc=kernel_trusts_tsc(),
        )
    )
    try:
        yield stack
    finally:
        stack.close()


def control_loop(stack: Stack, port: DpdkPort) -> ControlLoop:
    interface = port.local_interface
    routing = Routing(interface.ip, interface.network.prefixlen, None)
    return ControlLoop(stack, Identity(stack.port_info().mac, routing))


def measure(generator: Generator, job: LoadJob, loop: ControlLoop | None, report: Path) -> None:
    """Runs the job until it ends or a signal comes, writes the report, and waits until the peer is done
    too."""
    load = LoadThread(generator, job)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: load.stop())
    load.start()
    print("ready", flush=True)
    if loop is not None:
        loop.listen(load.end_descriptor)
        loop.run(stop=lambda: not load.is_alive())
    load.join()
    report.write_text(load.report().to_json())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    print("done", flush=True)
    sys.stdin.read()


def run_with_aeron(job: LoadJob, report: Path) -> None:
    if job.port is None:
        with closing(stock_driver()) as driver:
            measure(AeronGenerator(driver), job, None, report)
        return
    with opened_eal(job.port):
        threads_shared = os.environ["AERON_THREADING_MODE"] != "DEDICATED"
        with opened_stack(job.port, threads_shared) as stack:
            with closing(stack.open_driver()) as driver:
                measure(AeronGenerator(driver), job, control_loop(stack, job.port), report)


def main(run: Callable[[LoadJob, Path], None], job: str, report: str) -> int:
    """Returns the exit code."""
    faulthandler.enable()
    die_with_parent()
    try:
        run(LoadJob.from_json(job), Path(report))
    except Exception as error:  # the parent shows what this prints
        explanation = explain(error)
        print(error.reason if isinstance(error, LoadError) else explanation.text, file=sys.stderr)
        return explanation.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(run_with_aeron, *sys.argv[1:]))
