"""What measuring between two hosts can fail with, beside its measurements."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


@dataclass(eq=False)
class NoOwnAddressError(AeronDpdkError):
    aeron_dir: str
    option: str
    exit_code = ExitCode.USAGE

    def problem(self) -> str:
        return f"by which address the driver on {self.aeron_dir} is reached is not known"

    def remedy(self) -> str:
        return f"give it with {self.option}"


@dataclass(eq=False)
class RouteOptionsError(AeronDpdkError):
    exit_code = ExitCode.USAGE

    def problem(self) -> str:
        return "--kernel-address needs a stock driver on this host too"

    def remedy(self) -> str:
        return "start aeronmd, and give its Aeron directory with --kernel-dir"
