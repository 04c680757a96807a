"""Runs the processes of single_costs, each alone and with a directory of its own."""

import json
import subprocess
import sys
from typing import Any

from aeron_dpdk.errors import LoadError
from aeron_dpdk.tools.bench import single_costs
from aeron_dpdk.tools.bench.single_costs import SingleJob, Subject
from aeron_dpdk.tools.measure.job import Role
from aeron_dpdk.tools.measure.processes import shared_memory_directory
from aeron_dpdk.tools.measure.setting import Setting, eal_arguments, environment

TIMEOUT_S = 120
CHANNELS = (1, 10, 100, 1000)
# Not -m: the package has imported the module already, and runpy would warn that there are two of it.
PROGRAM = f"import sys; from {single_costs.__name__} import main; sys.exit(main())"


def single_job(subject: Subject, setting: Setting, batches: int) -> SingleJob:
    cpus = (setting.server_cpus[0], setting.client_cpus[0])
    return SingleJob(
        subject=subject,
        cpus=cpus if subject is Subject.HAND_OFF else cpus[1:],
        eal_arguments=eal_arguments("net_ring0", "measure-single", setting.has_huge_pages),
        channels=CHANNELS,
        batches=batches,
    )


def run_single(job: SingleJob, setting: Setting) -> dict[str, Any]:
    """Raises LoadError."""
    with shared_memory_directory() as directory:
        variables = environment(directory, Role.CLIENT, setting)
        is_hand_off = job.subject is Subject.HAND_OFF
        variables["AERON_THREADING_MODE"] = "DEDICATED" if is_hand_off else "INVOKER"
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, job.to_json()],
            env=variables,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    if done.returncode != 0:
        raise LoadError(
            job.subject, " / ".join([*done.stderr.splitlines()[-6:], f"exit code {done.returncode}"])
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
