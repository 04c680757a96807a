from dataclasses import replace
from ipaddress import IPv4Interface
from pathlib import Path

import pytest

from aeron_dpdk.machine.change.veth_pair import VethEnd
from aeron_dpdk.tools.measure.job import LoadJob, Phase, PhaseKind, Role
from aeron_dpdk.tools.measure.paths import (
    MeasuredPath,
    dpdk_over_veth,
    floor_of,
    jumbo,
    kernel_loopback,
    kernel_over_veth,
    memif,
    vhost_user,
)
from aeron_dpdk.tools.measure.setting import Setting, command, environment, job_of

PHASES = (Phase(PhaseKind.ECHO, 32),)
SETTING = Setting(warmup_ns=1, duration_ns=2, server_cpus=(3,), client_cpus=(5,), has_huge_pages=True)
DEDICATED = replace(SETTING, server_cpus=(0, 1, 2, 3), client_cpus=(4, 5, 6, 7))
DIRECTORY = Path("/dev/shm/private")
VETH = (
    VethEnd("left", "veth0", IPv4Interface("198.18.2.1/24")),
    VethEnd("right", "veth1", IPv4Interface("198.18.2.2/24")),
)
PATHS = [
    memif(True),
    floor_of(memif(True)),
    kernel_loopback(),
    dpdk_over_veth("af_xdp", VETH),
    kernel_over_veth(VETH),
    jumbo(vhost_user()),
]


def both_jobs(path: MeasuredPath, setting: Setting = SETTING) -> tuple[LoadJob, LoadJob]:
    server, client = (job_of(path, role, PHASES, setting, DIRECTORY) for role in (Role.SERVER, Role.CLIENT))
    return server, client


def arguments_of(job: LoadJob) -> tuple[str, ...]:
    assert job.port is not None
    return job.port.eal_arguments


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_two_sides_of_a_path_agree_on_all_but_role_cpu_and_port(path: MeasuredPath) -> None:
    server, client = both_jobs(path)
    assert (server.cpu, client.cpu) == (3, 5)
    assert replace(server, role=client.role, cpu=client.cpu, port=client.port) == client


def test_dpdk_and_kernel_differ_in_nothing_but_the_media() -> None:
    dpdk, kernel = both_jobs(memif(True))[1], both_jobs(kernel_loopback())[1]
    assert kernel.port is None
    assert replace(dpdk, port=None, forward_channel="", backward_channel="") == replace(
        kernel, forward_channel="", backward_channel=""
    )
    assert dpdk.forward_channel.replace("198.18.0.1", "127.0.0.1") == kernel.forward_channel
    assert dpdk.backward_channel.replace("198.18.0.2", "127.0.0.1") == kernel.backward_channel


def test_the_floor_uses_the_very_port_that_aeron_does() -> None:
    floor, aeron = both_jobs(floor_of(memif(True)))[0], both_jobs(memif(True))[0]
    assert floor.is_floor
    assert not aeron.is_floor
    assert floor.port == aeron.port


def test_the_two_sides_share_one_memif_socket_and_no_file_prefix() -> None:
    server, client = map(arguments_of, both_jobs(memif(True)))
    assert {argument for argument in server if argument.startswith("--file-prefix")}.isdisjoint(client)
    assert server[-1].replace("role=server", "role=client") + ",zero-copy=yes" == client[-1]
    assert f"socket={DIRECTORY}/memif.sock" in server[-1]


def test_without_huge_pages_the_client_does_not_ask_for_zero_copy() -> None:
    _, client = both_jobs(memif(False), replace(SETTING, has_huge_pages=False))
    arguments = arguments_of(client)
    assert "--no-huge" in arguments
    assert "--in-memory" not in arguments, "22.11 refuses the two together"
    assert not any("zero-copy" in argument for argument in arguments)


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


def test_a_process_in_a_namespace_is_started_there() -> None:
    job = both_jobs(kernel_over_veth(VETH))[0]
    assert command(job, Path("report"), "left")[:4] == ["ip", "netns", "exec", "left"]
    assert command(job, Path("report"), None)[1:] == command(job, Path("report"), "left")[5:]


def test_aeron_settings_of_the_user_do_not_reach_the_measured_drivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AERON_MTU_LENGTH", "8192")
    monkeypatch.setenv("PATH", "/usr/bin")
    variables = environment(DIRECTORY, Role.CLIENT, SETTING)
    assert "AERON_MTU_LENGTH" not in variables
    assert variables["PATH"] == "/usr/bin"
    assert variables["AERON_DIR"].startswith(str(DIRECTORY))
    assert variables["AERON_THREADING_MODE"] == "INVOKER"


def test_dedicated_threads_have_a_cpu_each_and_share_none_with_the_load() -> None:
    server, client = both_jobs(kernel_loopback(), DEDICATED)
    used = [server.cpu, client.cpu]
    for role in Role:
        variables = environment(DIRECTORY, role, DEDICATED)
        assert variables["AERON_THREADING_MODE"] == "DEDICATED"
        used += [
            int(variables[f"AERON_{thread}_CPU_AFFINITY"]) for thread in ("SENDER", "RECEIVER", "CONDUCTOR")
        ]
    assert sorted(used) == list(range(8))
