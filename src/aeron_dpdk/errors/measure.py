"""Errors of measuring."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


@dataclass(eq=False)
class LoadError(AeronDpdkError):
    side: str
    reason: str
    exit_code = ExitCode.DRIVER
    problem_text = "the measurement's {side} failed ({reason})"
    remedy_text = (
        "try again on a machine with two idle CPUs; when it persists, please report it with these lines"
    )


@dataclass(eq=False)
class TooFewCpusError(AeronDpdkError):
    cpus: int
    exit_code = ExitCode.USAGE
    problem_text = "two processes must spin on a core each, and this one may use {cpus} CPU(s) of one core"
    remedy_text = "run on a machine, or in a container, with two cores or more"


@dataclass(eq=False)
class NoOwnAddressError(AeronDpdkError):
    aeron_dir: str
    option: str
    exit_code = ExitCode.USAGE
    problem_text = "the address of the driver on {aeron_dir} is not known"
    remedy_text = "give it with {option}"


@dataclass(eq=False)
class KernelPathError(AeronDpdkError):
    exit_code = ExitCode.USAGE
    problem_text = "--kernel-address needs a stock driver on this host too"
    remedy_text = "start aeronmd, and give its Aeron directory with --kernel-dir"
