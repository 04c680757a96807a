"""What looking at a driver can fail with."""

from dataclasses import dataclass

from aeron_dpdk.errors import AeronDpdkError
from aeron_dpdk.exit_code import ExitCode


class ObserveError(AeronDpdkError):
    """The base class of errors of looking at a driver."""


@dataclass(eq=False)
class NoDriverError(ObserveError):
    """`others` are Aeron directories that may have a driver."""

    directory: str
    reason: str
    others: tuple[str, ...]
    exit_code = ExitCode.NO_DRIVER
    problem_text = "{directory} is not the Aeron directory of a driver that we can look at ({reason})"

    def remedy(self) -> str:
        if not self.others:
            return "start a driver, or set AERON_DIR or --aeron-dir to its directory"
        return f"set AERON_DIR or --aeron-dir; on this machine there are {', '.join(self.others)}"


@dataclass(eq=False)
class NotAnsweringError(ObserveError):
    directory: str
    reason: str
    exit_code = ExitCode.NOT_ANSWERING
    problem_text = "the driver of {directory} does not answer ({reason})"
    remedy_text = (
        "look as the driver's user or as root, with the same version; `aeron-dpdk counters` works with any "
        "driver, also a stock aeronmd"
    )


@dataclass(eq=False)
class CorruptFileError(ObserveError):
    """`offset` is that of the impossible bytes in the file."""

    path: str
    offset: int
    reason: str
    exit_code = ExitCode.CORRUPT
    problem_text = "{path} is corrupt at byte {offset} ({reason})"
    remedy_text = "restart the driver that writes it, and find out who else writes to it"


@dataclass(eq=False)
class CaptureRefusedError(ObserveError):
    """`reason` is the driver's own, even if it came over the socket; it may have its own remedy after a
    semicolon."""

    reason: str
    exit_code = ExitCode.CAPTURE_REFUSED

    def problem(self) -> str:
        return f"the driver refuses to capture ({self.reason.partition('; ')[0]})"

    def remedy(self) -> str:
        fallback = "end the other capture, or simplify the filter; it serves one at a time"
        return self.reason.partition("; ")[2] or fallback


@dataclass(eq=False)
class FilterError(ObserveError):
    expression: str
    reason: str
    exit_code = ExitCode.FILTER
    problem_text = 'libpcap does not take the filter "{expression}" ({reason})'
    remedy_text = 'see pcap-filter(7), for instance "udp port 20121 and host 10.0.0.2"'


@dataclass(eq=False)
class LibpcapError(ObserveError):
    tried: str
    exit_code = ExitCode.FILTER
    problem_text = "a filter needs libpcap, and none of {tried} could be loaded"
    remedy_text = "install it (Debian: libpcap0.8, Fedora: libpcap), or capture without a filter"


@dataclass(eq=False)
class OutputError(ObserveError):
    path: str
    reason: str
    exit_code = ExitCode.OUTPUT

    def problem(self) -> str:
        return f"cannot write to {'standard output' if self.path == '-' else self.path} ({self.reason})"

    def remedy(self) -> str:
        where = "send it to" if self.path == "-" else "give -w a file in"
        return f"{where} a place with room that you may write to; what was written before stays"


@dataclass(eq=False)
class AddressError(ObserveError):
    address: str
    reason: str
    exit_code = ExitCode.ADDRESS
    problem_text = "cannot listen on {address} ({reason})"
    remedy_text = "give --listen an address of this machine with a free port, for instance 127.0.0.1:9465"
