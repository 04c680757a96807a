"""What the observing commands exit with, beyond the codes in errors.py."""

from enum import IntEnum


class ObserveExit(IntEnum):
    UNHEALTHY = 30
    NO_DRIVER = 31
    NOT_ANSWERING = 32
    CAPTURE_REFUSED = 33
    FILTER = 34
    ADDRESS = 35
    OUTPUT = 36
