"""What looking at a driver can fail with."""

import errno
from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.observe.exit_code import ObserveExit


class ObserveError(AeronDpdkError):
    """Its exit codes are our own."""


@dataclass(eq=False)
class NoDriverError(ObserveError):
    """`others` are Aeron directories that a driver may be found in."""

    directory: str
    reason: str
    others: tuple[str, ...]
    exit_code = ObserveExit.NO_DRIVER

    def problem(self) -> str:
        return f"{self.directory} is not the Aeron directory of a driver that we can look at ({self.reason})"

    def remedy(self) -> str:
        if not self.others:
            return "start a driver, or set AERON_DIR or --aeron-dir to its directory"
        return f"set AERON_DIR or --aeron-dir; on this machine there are {', '.join(self.others)}"


@dataclass(eq=False)
class NotAnsweringError(ObserveError):
    directory: str
    reason: str
    exit_code = ObserveExit.NOT_ANSWERING

    def problem(self) -> str:
        return f"the driver of {self.directory} does not tell about itself ({self.reason})"

    def remedy(self) -> str:
        return (
            "look as the driver's user or as root, with the same version; `aeron-dpdk counters` works with "
            "any driver, also a stock aeronmd"
        )


@dataclass(eq=False)
class CaptureRefusedError(ObserveError):
    """`reason` is the driver's own sentence."""

    reason: str
    exit_code = ObserveExit.CAPTURE_REFUSED

    def problem(self) -> str:
        return f"no capture: {self.reason.rstrip('.')}"

    def remedy(self) -> str:
        return "one capture at a time is served; `aeron-dpdk status` shows whether the driver is well"


@dataclass(eq=False)
class FilterError(ObserveError):
    expression: str
    reason: str
    exit_code = ObserveExit.FILTER

    def problem(self) -> str:
        return f'libpcap does not take the filter "{self.expression}" ({self.reason})'

    def remedy(self) -> str:
        return 'see pcap-filter(7), for instance "udp port 20121 and host 10.0.0.2"'


@dataclass(eq=False)
class CaptureError(ObserveError):
    """What the driver answers to who wanted a capture; the driver itself goes on."""

    reason: str
    error_number: int
    exit_code = ObserveExit.CAPTURE_REFUSED

    def problem(self) -> str:
        return f"the driver cannot capture ({self.reason})"

    def remedy(self) -> str:
        if self.error_number == errno.EBUSY:
            return "wait for the other capture to end, or end it"
        return "try a simpler filter, or free some memory"


@dataclass(eq=False)
class AddressError(ObserveError):
    address: str
    reason: str
    exit_code = ObserveExit.ADDRESS

    def problem(self) -> str:
        return f"cannot listen on {self.address} ({self.reason})"

    def remedy(self) -> str:
        return "give --listen an address of this machine with a free port, for instance 127.0.0.1:9465"
