"""What only one command needs is an extra of the wheel, so that the driver drags in little."""

from importlib import import_module
from typing import Any

from aeron_dpdk.errors import MissingExtraError


def require(module: str, extra: str) -> Any:
    """The module. Raises MissingExtraError."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtraError(module.partition(".")[0], extra) from None
