from pathlib import Path

import pytest

from aeron_dpdk.tools.demo_paths import Measurement, aeron_environment, dpdk_job, eal_arguments, kernel_job
from aeron_dpdk.tools.load import LoadJob, Role

MEASUREMENT = Measurement(message_length=32, warmup_ns=1, duration_ns=2, cpus=(3, 5))
DIRECTORY = Path("/dev/shm/private")


def both_jobs(path: str) -> tuple[LoadJob, LoadJob]:
    def job(role: Role) -> LoadJob:
        return (
            dpdk_job(MEASUREMENT, role, DIRECTORY, True) if path == "dpdk" else kernel_job(MEASUREMENT, role)
        )

    return job(Role.SERVER), job(Role.CLIENT)


@pytest.mark.parametrize("path", ["dpdk", "kernel"])
def test_the_two_sides_of_a_path_agree_on_channels_and_differ_in_cpu(path: str) -> None:
    server, client = both_jobs(path)
    assert server.forward_channel == client.forward_channel
    assert server.backward_channel == client.backward_channel
    assert (server.cpu, client.cpu) == (3, 5)


def test_the_paths_differ_in_nothing_but_the_media() -> None:
    dpdk, kernel = both_jobs("dpdk")[1], both_jobs("kernel")[1]
    assert (dpdk.message_length, dpdk.warmup_ns, dpdk.duration_ns) == (32, 1, 2)
    assert (kernel.message_length, kernel.warmup_ns, kernel.duration_ns) == (32, 1, 2)
    assert dpdk.forward_channel.replace("198.18.0.1", "127.0.0.1") == kernel.forward_channel
    assert dpdk.backward_channel.replace("198.18.0.2", "127.0.0.1") == kernel.backward_channel


def test_the_two_sides_share_one_memif_socket_and_no_file_prefix() -> None:
    server = eal_arguments(DIRECTORY, Role.SERVER, True, (0, 1))
    client = eal_arguments(DIRECTORY, Role.CLIENT, True, (0, 1))
    assert {argument for argument in server if argument.startswith("--file-prefix")}.isdisjoint(client)
    assert server[-1].replace("role=server", "role=client") + ",zero-copy=yes" == client[-1]


def test_without_huge_pages_the_client_does_not_ask_for_zero_copy() -> None:
    arguments = eal_arguments(DIRECTORY, Role.CLIENT, False, (0, 1))
    assert "--no-huge" in arguments
    assert "--in-memory" not in arguments, "22.11 refuses the two together"
    assert not any("zero-copy" in argument for argument in arguments)


def test_aeron_settings_of_the_user_do_not_reach_the_measured_drivers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AERON_MTU_LENGTH", "8192")
    monkeypatch.setenv("PATH", "/usr/bin")
    environment = aeron_environment(DIRECTORY, Role.CLIENT)
    assert "AERON_MTU_LENGTH" not in environment
    assert environment["PATH"] == "/usr/bin"
    assert environment["AERON_DIR"].startswith(str(DIRECTORY))
