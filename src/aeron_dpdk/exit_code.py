"""The exit codes of our programs. An orderly stop by SIGINT or SIGTERM is OK: systemd expects 0 then."""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    INTERNAL = 1
    USAGE = 2
    SETTINGS = 3
    PRIVILEGES = 4
    MEMORY = 5
    EAL = 6
    PORT = 7
    DIRECTORY = 8
    DIRECTORY_IN_USE = 9
    SOCKET_BUFFERS = 10
    MTU = 11
    DRIVER = 12
    NOT_BUILT = 13
    # doctor's, by its worst finding (PASS and NOTE are 0), and setup's if it has not done everything
    WARNINGS = 20
    FAILURES = 21
    REFUSED = 22
    STEP_FAILED = 23
    NO_METADATA = 24
    # the commands that look at a running driver
    UNHEALTHY = 30
    NO_DRIVER = 31
    NOT_ANSWERING = 32
    CAPTURE_REFUSED = 33
    FILTER = 34
    ADDRESS = 35
    OUTPUT = 36
    CORRUPT = 37


DRIVER_CODES = tuple(code for code in ExitCode if code < ExitCode.WARNINGS)
SETUP_CODES = tuple(code for code in ExitCode if ExitCode.WARNINGS <= code < ExitCode.UNHEALTHY)
OBSERVE_CODES = tuple(code for code in ExitCode if code >= ExitCode.UNHEALTHY)
