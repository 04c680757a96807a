"""Dependencies of a single command are extras of the wheel, so that the driver has few."""

from importlib import import_module
from typing import Any

from aeron_dpdk.errors import MissingExtraError


def require(module: str, extra: str) -> Any:
    """Imports the module. Raises MissingExtraError."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(module.partition(".")[0], extra) from None
