"""Results as a bench leaves them, made of figures that a test chooses."""

from dataclasses import replace

from aeron_dpdk.tools.bench.cost import CostRow, CostTable
from aeron_dpdk.tools.bench.quiet import QuietLine
from aeron_dpdk.tools.bench.results import Results, echo, one_way
from aeron_dpdk.tools.measure.job import Disturbance, Phase, PhaseKind, PhaseReport, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath, floor_of, kernel_loopback, memif
from aeron_dpdk.tools.measure.processes import Round
from aeron_dpdk.tools.measure.schedule import Done, Entry

from .reports import phase_of, report_of

MEMIF, FLOOR, KERNEL = memif(True), floor_of(memif(True)), kernel_loopback()


def echo_done(path: MeasuredPath, repeat: int, rtt_ns: int, length: int = 32) -> Done:
    phases = (echo(length),)
    return Done(Entry(path, phases), repeat, Round(report_of((None, 100)), report_of((rtt_ns, 100))))


def one_way_done(path: MeasuredPath, repeat: int, messages: int, length: int) -> Done:
    def side(count: int) -> PhaseReport:
        report = phase_of(None, count)
        return replace(report, throughput=replace(report.throughput, bytes=count * length))

    server, client = (replace(report_of(), phases=(side(count),)) for count in (messages, 2 * messages))
    return Done(Entry(path, (one_way(length),)), repeat, Round(server, client))


def cost_table(received: int, sent: int) -> CostTable:
    rows = (
        CostRow("receive", 32, 32, "device", received, 0, 5),
        CostRow("send", 32, 16, "device", sent, 336, 5),
    )
    return CostTable("GNU 12.2.0", "DPDK 22.11.11", rows)


def everything() -> Results:
    """Two repeats, in the second of which the machine was half as fast."""
    results = Results(notes=["Something was not measured."])
    for repeat, speed in enumerate((1, 2)):
        results.streams += [
            echo_done(FLOOR, repeat, 500 * speed),
            echo_done(MEMIF, repeat, 1_000 * speed),
            echo_done(KERNEL, repeat, 12_000 * speed),
            one_way_done(FLOOR, repeat, 2_000_000 // speed, 1344),
            one_way_done(MEMIF, repeat, 1_000_000 // speed, 1344),
            one_way_done(KERNEL, repeat, 250_000 // speed, 1344),
        ]
        for subject, idle_ns in (("poll-dpdk", 20.0), ("poll-kernel", 400.0)):
            costs = {
                channels: {"idle_ns": idle_ns * speed, "frame_ns": 2 * idle_ns * speed}
                for channels in ("1", "1000")
            }
            results.polls.setdefault(subject, []).append(costs)
        quantiles = {"p50_ns": 100 * speed, "p99_ns": 200 * speed}
        results.hand_offs.append({"direct": quantiles, "handed_over": quantiles})
        results.checksums_ns.append(50.0 * speed)
    results.cost = cost_table(received=32 * 90, sent=16 * 121)
    results.quiet = [
        QuietLine(Role.SERVER, Phase(PhaseKind.ECHO, 32), 1000, Disturbance(-1, 0, 0, 7, 0), {"futex": 3})
    ]
    return results
