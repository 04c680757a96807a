"""Times and ages as people read them."""

from datetime import UTC, datetime


def utc(epoch_ms: int) -> str:
    """ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds")
