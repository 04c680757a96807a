"""From a path and its phases to what each of the two processes needs: job, environment, command."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from aeron_dpdk.tools.measure.job import DpdkPort, LoadJob, Phase, Role
from aeron_dpdk.tools.measure.paths import End, MeasuredPath

TERM_LENGTH = "1m"  # a whole log of three terms and its image fit most processors' caches
SERVER_PORT = 20121
CLIENT_PORT = 20122
NO_HUGE_MEGABYTES = 384
CPUS_OF_A_DEDICATED_SIDE = 4


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is common to all paths. A side's CPUs are, in order, those of load, sender, receiver and
    conductor; if one thread does everything (INVOKER), it uses the first.
    """

    warmup_ns: int
    duration_ns: int
    server_cpus: tuple[int, ...]
    client_cpus: tuple[int, ...]
    has_huge_pages: bool

    @property
    def is_dedicated(self) -> bool:
        return len(self.client_cpus) > 1

    def cpus(self, role: Role) -> tuple[int, ...]:
        return self.server_cpus if role is Role.SERVER else self.client_cpus


def job_of(
    path: MeasuredPath, role: Role, phases: tuple[Phase, ...], conditions: Conditions, directory: Path
) -> LoadJob:
    end = path.server if role is Role.SERVER else path.client
    return LoadJob(
        role=role,
        cpu=conditions.cpus(role)[0],
        port=_port(path, end, role, conditions, directory),
        forward_channel=_channel(path, path.server, SERVER_PORT),
        backward_channel=_channel(path, path.client, CLIENT_PORT),
        phases=phases,
        warmup_ns=conditions.warmup_ns,
        duration_ns=conditions.duration_ns,
    )


def _channel(path: MeasuredPath, end: End, udp_port: int) -> str:
    mtu = f"|mtu={path.aeron_mtu}" if path.aeron_mtu is not None else ""
    return f"aeron:udp?endpoint={end.address.ip}:{udp_port}|term-length={TERM_LENGTH}{mtu}"


def _port(
    path: MeasuredPath, end: End, role: Role, conditions: Conditions, directory: Path
) -> DpdkPort | None:
    if end.vdev is None:
        return None
    vdev = end.vdev.format(directory=directory)
    return DpdkPort(
        eal_arguments(vdev, f"measure-{role}", conditions.has_huge_pages), end.address, path.port_mtu
    )


def eal_arguments(vdev: str, file_prefix: str, has_huge_pages: bool) -> tuple[str, ...]:
    """The main lcore, which is the control plane, may run on any of the CPUs that we may use."""
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    if has_huge_pages:
        memory: tuple[str, ...] = ("--in-memory", "--single-file-segments")
    else:
        memory = ("--no-shconf", "--no-huge", "-m", str(NO_HUGE_MEGABYTES))
    return (
        f"--lcores=0@({cpus})",
        f"--file-prefix={file_prefix}",
        *memory,
        "--no-pci",
        "--no-telemetry",
        "--log-level=error",
        f"--vdev={vdev}",
    )


def environment(directory: Path, role: Role, conditions: Conditions) -> dict[str, str]:
    """The process's environment without the user's Aeron settings, then ours.

    Terms are neither sparse nor new: otherwise page faults on first touch would dominate the measurement.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
    ours = {
        "AERON_DIR": str(directory / f"aeron-{role}"),
        "AERON_DIR_DELETE_ON_SHUTDOWN": "true",
        "AERON_THREADING_MODE": "INVOKER",
        "AERON_TERM_BUFFER_SPARSE_FILE": "false",
        "RUNTIME_DIRECTORY": str(directory),  # for the EAL, instead of /var/run
    }
    if conditions.is_dedicated:
        ours |= _dedicated(conditions.cpus(role))
    return inherited | ours


def _dedicated(cpus: tuple[int, ...]) -> dict[str, str]:
    """As Aeron's own benchmarks set it up (scripts/aeron/low-latency-driver.properties)."""
    _, sender, receiver, conductor = cpus
    return {
        "AERON_THREADING_MODE": "DEDICATED",
        "AERON_SENDER_CPU_AFFINITY": str(sender),
        "AERON_RECEIVER_CPU_AFFINITY": str(receiver),
        "AERON_CONDUCTOR_CPU_AFFINITY": str(conductor),
        "AERON_SENDER_IDLE_STRATEGY": "noop",
        "AERON_RECEIVER_IDLE_STRATEGY": "noop",
        "AERON_CONDUCTOR_IDLE_STRATEGY": "spin",
    }


def command(path: MeasuredPath, job: LoadJob, report: Path) -> list[str]:
    """`ip netns exec` replaces itself with the command, so the process id is the command's own."""
    namespace = (path.server if job.role is Role.SERVER else path.client).namespace
    inside = ["ip", "netns", "exec", namespace] if namespace is not None else []
    return [*inside, sys.executable, "-m", *path.program, job.to_json(), str(report)]
