"""Errors of changing the machine."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError, ComplaintError
from aeron_dpdk.exit_code import ExitCode


class RefusedError(ComplaintError):
    """The change is possible, but would harm the machine, or the request leaves open what to change."""

    exit_code = ExitCode.REFUSED


@dataclass(eq=False)
class StepFailedError(AeronDpdkError):
    """`remains` names what could not be undone."""

    step: str
    reason: str
    advice: str
    remains: tuple[str, ...]
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        rest = f"; what could not be rolled back: {'; '.join(self.remains)}" if self.remains else ""
        return f"{self.step} failed ({self.reason}), and the steps before it were rolled back{rest}"

    remedy_text = "{advice}"


@dataclass(eq=False)
class UndoError(AeronDpdkError):
    remains: tuple[str, ...]
    exit_code = ExitCode.STEP_FAILED

    def problem(self) -> str:
        return f"not everything was undone: {'; '.join(self.remains)}"

    remedy_text = "fix what it names, and run aeron-dpdk setup --undo again; the rest is kept in the journal"


@dataclass(eq=False)
class JournalError(AeronDpdkError):
    place: str
    reason: str
    advice: str = "run as root, wait for another setup to end, or repair the file; undo depends on it"
    exit_code = ExitCode.STEP_FAILED
    problem_text = "the journal of setup, {place}, cannot be used ({reason})"
    remedy_text = "{advice}"


@dataclass(eq=False)
class MetadataError(AeronDpdkError):
    reason: str
    advice: str
    exit_code = ExitCode.NO_METADATA
    problem_text = "the instance metadata cannot be read ({reason})"
    remedy_text = "{advice}"
