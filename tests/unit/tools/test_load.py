from ipaddress import IPv4Interface

from aeron_dpdk.tools.histogram import Histogram
from aeron_dpdk.tools.load import DpdkPort, LoadJob, LoadReport, Role, Throughput

PORT = DpdkPort(("--no-pci", "--vdev=net_memif0,role=server"), IPv4Interface("198.18.0.1/24"))


def job(port: DpdkPort | None) -> LoadJob:
    return LoadJob(Role.SERVER, 1, port, "aeron:udp?endpoint=a:1", "aeron:udp?endpoint=b:2", 32, 10, 20)


def test_a_job_for_a_dpdk_port_survives_the_way_to_the_process() -> None:
    assert LoadJob.from_json(job(PORT).to_json()) == job(PORT)


def test_a_job_for_kernel_sockets_survives_the_way_to_the_process() -> None:
    assert LoadJob.from_json(job(None).to_json()) == job(None)


def test_a_clients_report_survives_the_way_back() -> None:
    report = LoadReport("1.53.0", "22.11", Histogram(((1500, 3), (1600, 1)), 1590), None)
    assert LoadReport.from_json(report.to_json()) == report


def test_a_servers_report_survives_the_way_back() -> None:
    report = LoadReport("1.53.0", "22.11", None, Throughput(10, 320, 1_000))
    assert LoadReport.from_json(report.to_json()) == report


def test_throughput_is_per_second_of_measured_time() -> None:
    moved = Throughput(messages=500, bytes=16_000, elapsed_ns=500_000_000)
    assert moved.messages_per_second == 1_000
    assert moved.bytes_per_second == 32_000
