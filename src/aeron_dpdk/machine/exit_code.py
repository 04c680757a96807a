"""What aeron-dpdk exits with, beyond the codes in errors.py."""

from enum import IntEnum


class MachineExit(IntEnum):
    """Of doctor by its worst finding (PASS and NOTE are 0), and of setup when it did not do all of it."""

    WARNINGS = 20
    FAILURES = 21
    REFUSED = 22
    STEP_FAILED = 23
    NO_METADATA = 24
