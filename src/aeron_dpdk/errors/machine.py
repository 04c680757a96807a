"""What changing the machine can fail with."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


@dataclass(eq=False)
class RefusedError(AeronDpdkError):
    """We could, but the machine would suffer, or it is not said clearly enough what to do."""

    complaint: str
    advice: str
    exit_code = ExitCode.REFUSED
    problem_text = "{complaint}"
    remedy_text = "{advice}"


@dataclass(eq=False)
class StepFailedError(AeronDpdkError):
    """`remains` names what could not be taken back."""

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
