"""Costs that one process measures alone: single_runs starts it with a JOB, JSON both ways.

A poll at several numbers of channels, over a net_ring device or over kernel sockets; the hand-off between
the receiver's and the sender's thread; the software checksum.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors import LoadError, explain
from aeron_dpdk.native import Driver, stock_driver
from aeron_dpdk.tools.measure.histogram import Histogram
from aeron_dpdk.tools.measure.job import DpdkPort
from aeron_dpdk.tools.measure.load_process import die_with_parent, opened_eal, opened_stack
from aeron_dpdk.tools.measure.load_thread import NativeHistogram, error_text

FIRST_UDP_PORT = 20200
RING_ADDRESS = IPv4Interface("198.18.4.1/24")
LOOPBACK = IPv4Address("127.0.0.1")
CHECKSUM_PAYLOAD_LENGTH = 1408


class Subject(StrEnum):
    POLL_DPDK = "poll-dpdk"
    POLL_KERNEL = "poll-kernel"
    HAND_OFF = "hand-off"
    CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class SingleJob:
    """`cpus` are receiver's and sender's for the hand-off, else one; medians are of `batches` samples."""

    subject: Subject
    cpus: tuple[int, ...]
    eal_arguments: tuple[str, ...]
    channels: tuple[int, ...]
    batches: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "SingleJob":
        fields = json.loads(text)
        return cls(
            subject=Subject(fields["subject"]),
            cpus=tuple(fields["cpus"]),
            eal_arguments=tuple(fields["eal_arguments"]),
            channels=tuple(fields["channels"]),
            batches=fields["batches"],
        )


def _poll_job(job: SingleJob, channels: int) -> Any:
    is_dpdk = job.subject is not Subject.POLL_KERNEL
    return ffi.new(
        "adk_poll_job_t *",
        {
            "injection": lib.ADK_INJECT_RING if is_dpdk else lib.ADK_INJECT_SOCKET,
            "port_id": 0,
            "first_udp_port": FIRST_UDP_PORT,
            "local_ipv4": int(RING_ADDRESS.ip if is_dpdk else LOOPBACK),
            "channels": channels,
            "batches": job.batches,
        },
    )


@contextmanager
def _driver(job: SingleJob, *, threads_shared: bool) -> Iterator[Driver]:
    if job.subject is Subject.POLL_KERNEL:
        with closing(stock_driver()) as driver:
            yield driver
        return
    port = DpdkPort(job.eal_arguments, RING_ADDRESS)
    with (
        opened_eal(port),
        opened_stack(port, threads_shared) as stack,
        closing(stack.open_driver(str(stack.port_info().name))) as driver,
    ):
        yield driver


def poll_costs(job: SingleJob) -> dict[str, dict[str, float]]:
    """ns of an idle poll and of each delivered frame, by number of channels."""
    _allow_open_files(max(job.channels))
    found = {}
    with _driver(job, threads_shared=True) as driver:
        load = lib.adk_load_open(driver.pointer, job.cpus[0])
        if load == ffi.NULL:
            raise LoadError(job.subject, error_text())
        try:
            for channels in job.channels:
                cost = ffi.new("adk_poll_cost_t *")
                if lib.adk_load_poll_cost(load, _poll_job(job, channels), cost) < 0:
                    raise LoadError(job.subject, error_text())
                found[str(channels)] = {"idle_ns": cost.idle_ns, "frame_ns": cost.frame_ns}
        finally:
            lib.adk_load_close(load)
    return found


def _allow_open_files(wanted: int) -> None:
    """One for each socket; the usual soft limit is 1,024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = wanted + 256
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (room if hard == resource.RLIM_INFINITY else min(room, hard), hard)
    )


def hand_off(job: SingleJob) -> dict[str, dict[str, float]]:
    """ns from the start of the receiver's poll to Aeron's receive function, on its own thread and another."""
    direct, handed_over = NativeHistogram(), NativeHistogram()
    with _driver(job, threads_shared=False) as driver:
        poll_job, results = _poll_job(job, 1), (direct.pointer, handed_over.pointer)
        if lib.adk_hand_off_measure(driver.pointer, poll_job, *job.cpus, *results) < 0:
            raise LoadError(job.subject, error_text())
    return {"direct": _quantiles(direct.read()), "handed_over": _quantiles(handed_over.read())}


def _quantiles(histogram: Histogram) -> dict[str, float]:
    return {"p50_ns": histogram.percentile(50), "p99_ns": histogram.percentile(99)}


def checksum(job: SingleJob) -> dict[str, float]:
    os.sched_setaffinity(0, {job.cpus[0]})
    return {"checksum_ns": lib.adk_load_checksum_ns(CHECKSUM_PAYLOAD_LENGTH)}


def run(job: SingleJob) -> dict[str, Any]:
    if job.subject is Subject.HAND_OFF:
        return dict(hand_off(job))
    if job.subject is Subject.CHECKSUM:
        return dict(checksum(job))
    return dict(poll_costs(job))


def main() -> int:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        print(json.dumps(run(SingleJob.from_json(sys.argv[1]))))
    except Exception as error:  # the parent shows what is printed here
        explanation = explain(error)
        print(error.reason if isinstance(error, LoadError) else explanation.text, file=sys.stderr)
        return explanation.exit_code
    return 0
