"""What only one command needs is an extra of the wheel, so that the driver drags in little."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


@dataclass(eq=False)
class MissingExtraError(AeronDpdkError):
    module: str
    extra: str
    exit_code = ExitCode.NOT_BUILT

    def problem(self) -> str:
        return f"this needs {self.module}, which does not load here"

    def remedy(self) -> str:
        return f"pip install 'aeron-dpdk[{self.extra}]'"


def require(module: str, extra: str) -> Any:
    """The module. Raises MissingExtraError."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(module.partition(".")[0], extra) from None
