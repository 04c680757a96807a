from ipaddress import IPv4Interface

from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import (
    DpdkPort,
    LoadJob,
    LoadReport,
    Phase,
    PhaseKind,
    PhaseReport,
    Role,
    Throughput,
)

PORT = DpdkPort(("--no-pci", "--vdev=net_memif0,role=server"), IPv4Interface("198.18.0.1/24"), 9000)
PHASES = (Phase(PhaseKind.ECHO, 32, 10_000), Phase(PhaseKind.ONE_WAY, 1344))


def job(port: DpdkPort | None) -> LoadJob:
    return LoadJob(Role.SERVER, 1, port, "aeron:udp?endpoint=a:1", "aeron:udp?endpoint=b:2", PHASES, 10, 20)


def test_a_job_for_a_dpdk_port_survives_the_way_to_the_process() -> None:
    assert LoadJob.from_json(job(PORT).to_json()) == job(PORT)


def test_a_job_for_kernel_sockets_survives_the_way_to_the_process() -> None:
    assert LoadJob.from_json(job(None).to_json()) == job(None)


def test_a_report_survives_the_way_back() -> None:
    echo = PhaseReport(Histogram(((1500, 3), (1600, 1)), 1590), Throughput(4, 128, 9_000), 0, 5, 6)
    one_way = PhaseReport(None, Throughput(10, 320, 1_000), 7, 0, 0)
    report = LoadReport("1.53.0", "22.11", (echo, one_way))
    assert LoadReport.from_json(report.to_json()) == report


def test_throughput_is_per_second_of_measured_time() -> None:
    moved = Throughput(messages=500, bytes=16_000, elapsed_ns=500_000_000)
    assert moved.messages_per_second == 1_000
    assert moved.bytes_per_second == 32_000


def test_a_side_that_measured_nothing_has_no_throughput() -> None:
    assert Throughput(0, 0, 0).messages_per_second == 0
