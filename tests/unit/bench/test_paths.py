from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from bench.paths import (
    dpdk_over_veth,
    floor_of,
    jumbo,
    kernel_over_veth,
    touching_floor_of,
    vhost_user,
)
from bench.veth_pair import VethEnd
from tests.unit.tools.test_measure_conditions import both_jobs

from aeron_dpdk.tools.measure.conditions import command
from aeron_dpdk.tools.measure.paths import MeasuredPath, kernel_loopback, memif

VETH = (
    VethEnd("left", "veth0", IPv4Interface("198.18.2.1/24")),
    VethEnd("right", "veth1", IPv4Interface("198.18.2.2/24")),
)
PATHS = [
    memif(True),
    floor_of(memif(True)),
    touching_floor_of(memif(True)),
    kernel_loopback(),
    dpdk_over_veth("af_xdp", VETH),
    kernel_over_veth(VETH),
    jumbo(vhost_user()),
]


@pytest.mark.parametrize("floor", [floor_of, touching_floor_of])
def test_a_floor_is_another_program_with_the_same_job_as_aeron(
    floor: Callable[[MeasuredPath], MeasuredPath],
) -> None:
    job = both_jobs(memif(True))[0]
    assert both_jobs(floor(memif(True)))[0] == job
    with_aeron = command(memif(True), job, Path("report"))
    without = command(floor(memif(True)), job, Path("report"))
    assert without[:2] == with_aeron[:2]
    assert without[-2:] == with_aeron[-2:]
    assert without[2] == "bench.floor_process"
    assert with_aeron[2:-2] == ["aeron_dpdk.tools.measure.load_process"]


def test_dpdk_on_a_veth_has_another_address_than_the_kernel_there() -> None:
    dpdk, kernel = dpdk_over_veth("af_packet", VETH), kernel_over_veth(VETH)
    addresses = {end.address.ip for path in (dpdk, kernel) for end in (path.server, path.client)}
    assert len(addresses) == 4


def test_8_kib_frames_take_a_channel_and_a_port_of_that_size() -> None:
    dpdk, kernel = both_jobs(jumbo(vhost_user()))[0], both_jobs(jumbo(kernel_loopback()))[0]
    assert dpdk.forward_channel.endswith("|mtu=8192")
    assert kernel.forward_channel.endswith("|mtu=8192")
    assert dpdk.port is not None
    assert dpdk.port.mtu is not None
    assert dpdk.port.mtu >= 8192 + 28


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_two_sides_of_a_path_agree_on_all_but_role_cpu_and_port(path: MeasuredPath) -> None:
    server, client = both_jobs(path)
    assert (server.cpu, client.cpu) == (3, 5)
    assert replace(server, role=client.role, cpu=client.cpu, port=client.port) == client
