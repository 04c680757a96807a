"""A modest client of a running driver: `python -m aeron_dpdk.tools.traffic AERON_DIR OUT IN`, both
channels.

Publishes a thousand messages per second and reads what the other side publishes, until it is killed.
"""

import sys

from aeron_dpdk._native import ffi, lib
from aeron_dpdk.errors import explain
from aeron_dpdk.errors.measure import LoadError

STREAM_ID = 1001
MESSAGE_LENGTH = 256
MESSAGES_PER_MS = 1


def run(aeron_dir: str, out_channel: str, in_channel: str) -> None:
    """Raises LoadError once the driver has gone, or when it refuses a channel."""
    strings = [ffi.new("char[]", text.encode()) for text in (aeron_dir, out_channel, in_channel)]
    settings = ffi.new("adk_traffic_settings_t *", (*strings, STREAM_ID, MESSAGE_LENGTH, MESSAGES_PER_MS))
    if lib.adk_traffic_run(settings) < 0:
        reason = ffi.string(lib.adk_error_text()).decode(errors="replace")
        raise LoadError("client", " ".join(reason.split()))


if __name__ == "__main__":
    try:
        run(*sys.argv[1:])
    except LoadError as error:
        sys.exit(explain(error).text)
