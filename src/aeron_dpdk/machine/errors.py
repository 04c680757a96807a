"""What changing the machine can fail with."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


class MachineError(AeronDpdkError):
    """Its exit codes are our own."""


@dataclass(eq=False)
class RefusedError(MachineError):
    """We could, but the machine would suffer, or it is not said clearly enough what to do."""

    complaint: str
    advice: str
    exit_code = ExitCode.REFUSED

    def problem(self) -> str:
        return self.complaint

    def remedy(self) -> str:
        return self.advice


@dataclass(eq=False)
class StepFailedError(MachineError):
    """`remains` names what could not be taken back."""

    step: str
    reason: str
    advice: str
    remains: tuple[str, ...]
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        rest = f"; what could not be taken back: {'; '.join(self.remains)}" if self.remains else ""
        return f"{self.step} failed ({self.reason}), and what was done before it was taken back{rest}"

    def remedy(self) -> str:
        return self.advice


@dataclass(eq=False)
class UndoError(MachineError):
    remains: tuple[str, ...]
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        return f"not all was undone: {'; '.join(self.remains)}"

    def remedy(self) -> str:
        return "fix what it names, and run aeron-dpdk setup --undo again; the rest is kept in the journal"


@dataclass(eq=False)
class JournalError(MachineError):
    place: str
    reason: str
    advice: str = "run as root, wait for another setup to end, or repair the file; undo depends on it"
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        return f"the journal of setup, {self.place}, cannot be used ({self.reason})"

    def remedy(self) -> str:
        return self.advice


@dataclass(eq=False)
class MetadataError(MachineError):
    reason: str
    advice: str
    exit_code = ExitCode.NO_METADATA

    def problem(self) -> str:
        return f"the instance metadata cannot be read ({self.reason})"

    def remedy(self) -> str:
        return self.advice


@dataclass(eq=False)
class VethError(MachineError):
    command: str
    reason: str
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        return f"`{self.command}` failed ({self.reason})"

    def remedy(self) -> str:
        return "measuring across a veth pair takes root, network namespaces and iproute2"
