"""What a bench can fail with, beside its measurements."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


@dataclass(eq=False)
class BenchError(AeronDpdkError):
    what: str
    advice: str
    exit_code = ExitCode.USAGE

    def problem(self) -> str:
        return self.what

    def remedy(self) -> str:
        return self.advice
