from dataclasses import replace
from pathlib import Path

import pytest

from aeron_dpdk.tools.measure.conditions import Conditions, command, environment, job_of
from aeron_dpdk.tools.measure.job import LoadJob, Phase, PhaseKind, Role
from aeron_dpdk.tools.measure.paths import MeasuredPath, kernel_loopback, memif

PHASES = (Phase(PhaseKind.ECHO, 32),)
CONDITIONS = Conditions(warmup_ns=1, duration_ns=2, server_cpus=(3,), client_cpus=(5,), has_huge_pages=True)
DEDICATED = replace(CONDITIONS, server_cpus=(0, 1, 2, 3), client_cpus=(4, 5, 6, 7))
DIRECTORY = Path("/dev/shm/private")


def both_jobs(path: MeasuredPath, conditions: Conditions = CONDITIONS) -> tuple[LoadJob, LoadJob]:
    server, client = (
        job_of(path, role, PHASES, conditions, DIRECTORY) for role in (Role.SERVER, Role.CLIENT)
    )
    return server, client


def arguments_of(job: LoadJob) -> tuple[str, ...]:
    assert job.port is not None
    return job.port.eal_arguments


def test_dpdk_and_kernel_differ_in_nothing_but_the_media() -> None:
    dpdk, kernel = both_jobs(memif(True))[1], both_jobs(kernel_loopback())[1]
    assert kernel.port is None
    assert replace(dpdk, port=None, forward_channel="", backward_channel="") == replace(
        kernel, forward_channel="", backward_channel=""
    )
    assert dpdk.forward_channel.replace("198.18.0.1", "127.0.0.1") == kernel.forward_channel
    assert dpdk.backward_channel.replace("198.18.0.2", "127.0.0.1") == kernel.backward_channel


def test_the_two_sides_share_one_memif_socket_and_no_file_prefix() -> None:
    server, client = map(arguments_of, both_jobs(memif(True)))
    assert {argument for argument in server if argument.startswith("--file-prefix")}.isdisjoint(client)
    assert server[-1].replace("role=server", "role=client") + ",zero-copy=yes" == client[-1]
    assert f"socket={DIRECTORY}/memif.sock" in server[-1]


def test_without_huge_pages_the_client_does_not_ask_for_zero_copy() -> None:
    _, client = both_jobs(memif(False), replace(CONDITIONS, has_huge_pages=False))
    arguments = arguments_of(client)
    assert "--no-huge" in arguments
    assert "--in-memory" not in arguments, "22.11 refuses the two together"
    assert not any("zero-copy" in argument for argument in arguments)


def test_a_process_in_a_namespace_is_started_there() -> None:
    here = kernel_loopback()
    there = replace(here, server=replace(here.server, namespace="left"))
    server, client = both_jobs(there)
    report = Path("report")
    assert command(there, server, report)[:4] == ["ip", "netns", "exec", "left"]
    assert command(there, server, report)[4:] == command(here, server, report)
    assert command(there, client, report) == command(here, client, report)


def test_aeron_settings_of_the_user_do_not_reach_the_measured_drivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AERON_MTU_LENGTH", "8192")
    monkeypatch.setenv("PATH", "/usr/bin")
    variables = environment(DIRECTORY, Role.CLIENT, CONDITIONS)
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
