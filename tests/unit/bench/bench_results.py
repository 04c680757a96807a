"""BenchResults like those of a bench, with figures that a test chooses."""

from dataclasses import replace

from bench.cost import CostRow, CostTable
from bench.paths import JUMBO_FRAME_PAYLOAD, floor_of, jumbo, touching_floor_of, vhost_user
from bench.quiet import Disturbance, QuietLine
from bench.results import BenchResults, echo, one_way
from bench.single_costs import Cost, Costs, Series, Subject
from bench.standing import Standing
from tests.unit.tools.reports import phase_of, report_of

from aeron_dpdk.tools.measure.job import Phase, PhaseKind, PhaseReport, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath, kernel_loopback, memif
from aeron_dpdk.tools.measure.processes import Round
from aeron_dpdk.tools.measure.schedule import Done, ScheduleEntry

MEMIF, FLOOR, KERNEL = memif(True), floor_of(memif(True)), kernel_loopback()
TOUCHING, VHOST_8K, KERNEL_8K = touching_floor_of(MEMIF), jumbo(vhost_user()), jumbo(KERNEL)
VHOST_8K_FLOOR = touching_floor_of(VHOST_8K)


def echo_done(path: MeasuredPath, repeat: int, rtt_ns: int, length: int = 32) -> Done:
    phases = (echo(length),)
    return Done(ScheduleEntry(path, phases), repeat, Round(report_of((None, 100)), report_of((rtt_ns, 100))))


def one_way_done(path: MeasuredPath, repeat: int, messages: int, length: int) -> Done:
    def side(count: int) -> PhaseReport:
        report = phase_of(None, count)
        return replace(report, throughput=replace(report.throughput, bytes=count * length))

    server, client = (replace(report_of(), phases=(side(count),)) for count in (messages, 2 * messages))
    return Done(ScheduleEntry(path, (one_way(length),)), repeat, Round(server, client))


def cost_table(received: int, sent: int) -> CostTable:
    rows = (
        CostRow("receive", 32, 32, "device", received, 0, 5),
        CostRow("send", 32, 16, "device", sent, 336, 5),
    )
    return CostTable("GNU 12.2.0", "DPDK 22.11.11", rows)


def poll_costs(idle_ns: float) -> Costs:
    return {
        Series(name, channels): Cost(factor * idle_ns, 2 * factor * idle_ns)
        for channels in (1, 1000)
        for name, factor in (("idle", 1), ("frame", 2))
    }


def everything() -> BenchResults:
    """Two repeats, in the second of which the machine was half as fast."""
    results = BenchResults(notes=["Something was not measured."])
    for repeat, speed in enumerate((1, 2)):
        results.streams += [
            echo_done(FLOOR, repeat, 500 * speed),
            echo_done(MEMIF, repeat, 1_000 * speed),
            echo_done(KERNEL, repeat, 12_000 * speed),
            one_way_done(FLOOR, repeat, 2_000_000 // speed, 1344),
            one_way_done(TOUCHING, repeat, 1_250_000 // speed, 1344),
            one_way_done(MEMIF, repeat, 1_000_000 // speed, 1344),
            one_way_done(KERNEL, repeat, 250_000 // speed, 1344),
            one_way_done(VHOST_8K, repeat, 3_000_000 // speed, 1344),
            one_way_done(KERNEL_8K, repeat, 1_000_000 // speed, 1344),
            one_way_done(
                VHOST_8K_FLOOR, repeat, 8_000_000 * 1344 // JUMBO_FRAME_PAYLOAD // speed, JUMBO_FRAME_PAYLOAD
            ),
        ]
        singles = {
            Subject.POLL_DPDK: poll_costs(20.0 * speed),
            Subject.POLL_KERNEL: poll_costs(400.0 * speed),
            Subject.HAND_OFF: dict.fromkeys(
                (Series("direct", 1), Series("handed_over", 1)), Cost(100.0 * speed, 200.0 * speed)
            ),
            Subject.CHECKSUM: {Series("checksum", 1): Cost(50.0 * speed, 60.0 * speed)},
        }
        for subject, costs in singles.items():
            results.singles.setdefault(subject, []).append(costs)
        results.standings.append(Standing(500.0 * speed, 18.0, 0.1 * speed))
    results.cost = cost_table(received=32 * 90, sent=16 * 121)
    results.quiet = [
        QuietLine(Role.SERVER, Phase(PhaseKind.ECHO, 32), 1000, Disturbance(0, 0, 0, 7, -1), {"futex": 3})
    ]
    return results
