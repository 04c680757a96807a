"""The two paths that the demo compares: the same code and the same Aeron settings over two media."""

import os
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from aeron_dpdk.tools.load import DpdkPort, LoadJob, Role

TERM_LENGTH = "1m"  # a whole log of three terms and the image of it stay in most processors' caches
SERVER_PORT = 20121
CLIENT_PORT = 20122
# RFC 2544: addresses for benchmarks, never routed.
DPDK_NETWORK = {Role.SERVER: IPv4Interface("198.18.0.1/24"), Role.CLIENT: IPv4Interface("198.18.0.2/24")}
LOOPBACK = "127.0.0.1"
NO_HUGE_MEGABYTES = 256


@dataclass(frozen=True, slots=True)
class Measurement:
    """What every round of both paths does."""

    message_length: int
    warmup_ns: int
    duration_ns: int
    cpus: tuple[int, int]


def aeron_environment(directory: Path, role: Role) -> dict[str, str]:
    """The process's environment without any Aeron setting of the user's, then ours.

    Terms that are neither sparse nor fresh, or page faults on first touch are most of what one measures.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AERON_")}
    return inherited | {
        "AERON_DIR": str(directory / f"aeron-{role}"),
        "AERON_DIR_DELETE_ON_SHUTDOWN": "true",
        "AERON_THREADING_MODE": "INVOKER",
        "AERON_TERM_BUFFER_SPARSE_FILE": "false",
        "RUNTIME_DIRECTORY": str(directory),  # of the EAL, instead of /var/run
    }


def eal_arguments(
    directory: Path, role: Role, has_huge_pages: bool, cpus: tuple[int, ...]
) -> tuple[str, ...]:
    """memif's zero-copy side shares its mbufs, which takes pages that have a file behind them."""
    zero_copy = ",zero-copy=yes" if has_huge_pages and role is Role.CLIENT else ""
    memory = (
        ("--in-memory", "--single-file-segments")
        if has_huge_pages
        else ("--no-huge", "-m", str(NO_HUGE_MEGABYTES))
    )
    return (
        f"--lcores=0@({','.join(map(str, cpus))})",
        f"--file-prefix=demo-{role}",
        *(() if has_huge_pages else ("--no-shconf",)),
        *memory,
        "--no-pci",
        "--no-telemetry",
        f"--vdev=net_memif0,role={role},socket={directory / 'memif.sock'},socket-abstract=no{zero_copy}",
    )


def dpdk_job(measurement: Measurement, role: Role, directory: Path, has_huge_pages: bool) -> LoadJob:
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    port = DpdkPort(eal_arguments(directory, role, has_huge_pages, cpus), DPDK_NETWORK[role])
    server, client = DPDK_NETWORK[Role.SERVER].ip, DPDK_NETWORK[Role.CLIENT].ip
    return _job(measurement, role, port, str(server), str(client))


def kernel_job(measurement: Measurement, role: Role) -> LoadJob:
    return _job(measurement, role, None, LOOPBACK, LOOPBACK)


def _job(measurement: Measurement, role: Role, port: DpdkPort | None, server: str, client: str) -> LoadJob:
    return LoadJob(
        role=role,
        cpu=measurement.cpus[role is Role.CLIENT],
        port=port,
        forward_channel=f"aeron:udp?endpoint={server}:{SERVER_PORT}|term-length={TERM_LENGTH}",
        backward_channel=f"aeron:udp?endpoint={client}:{CLIENT_PORT}|term-length={TERM_LENGTH}",
        message_length=measurement.message_length,
        warmup_ns=measurement.warmup_ns,
        duration_ns=measurement.duration_ns,
    )
