"""All the errors that we know: fields, sentence, remedy and exit code of each.

A message is one sentence: the problem, a colon, the remedy. Only the entry points print, and they print what
`explain` returns.
"""

import errno
import traceback
from dataclasses import dataclass
from typing import ClassVar

from aeron_dpdk.exit_code import ExitCode
from aeron_dpdk.visible import visible


class AeronDpdkError(Exception):
    """The base class of every error that we raise on purpose."""

    exit_code: ClassVar[ExitCode]
    # Without a full stop; fields stand in braces. problem() and remedy() say what a template cannot.
    problem_text: ClassVar[str]
    remedy_text: ClassVar[str]

    def problem(self) -> str:
        """What is wrong."""
        return self.problem_text.format_map(vars(self))

    def remedy(self) -> str:
        """What to do about it."""
        return self.remedy_text.format_map(vars(self))

    def __str__(self) -> str:
        remedy = self.remedy()
        return f"{self.problem()}: {remedy}" + ("" if remedy.endswith("?") else ".")


@dataclass(eq=False)
class ComplaintError(AeronDpdkError):
    """The base class of errors whose problem and remedy are given where they are raised."""

    complaint: str
    advice: str
    problem_text = "{complaint}"
    remedy_text = "{advice}"


# ---- the command line ----


class CommandLineError(ComplaintError):
    exit_code = ExitCode.USAGE


# ---- settings ----


@dataclass(eq=False)
class UnknownSettingError(AeronDpdkError):
    name: str
    source: str
    suggestion: str | None
    exit_code = ExitCode.SETTINGS
    problem_text = "{name} ({source}) is not a setting of aeronmd_dpdk"

    def remedy(self) -> str:
        return f"did you mean {self.suggestion}?" if self.suggestion else "-h lists the settings"


@dataclass(eq=False)
class SettingValueError(AeronDpdkError):
    name: str
    value: str
    source: str
    expected: str
    exit_code = ExitCode.SETTINGS
    problem_text = '{name} is "{value}" ({source})'
    remedy_text = "it must be {expected}"


@dataclass(eq=False)
class SettingMissingError(AeronDpdkError):
    name: str
    purpose: str
    exit_code = ExitCode.SETTINGS
    problem_text = "{name} is not set, so {purpose}"
    remedy_text = "set {name} in the environment, with -D or in a property file"


class SettingConflictError(ComplaintError):
    exit_code = ExitCode.SETTINGS


@dataclass(eq=False)
class InterfaceNumberError(AeronDpdkError):
    name: str
    source: str
    complaint: str
    advice: str
    exit_code = ExitCode.SETTINGS
    problem_text = "{name} ({source}) {complaint}"
    remedy_text = "{advice}"


@dataclass(eq=False)
class InterfaceGapError(AeronDpdkError):
    number: int
    name: str
    exit_code = ExitCode.SETTINGS
    problem_text = "{name} is set, but nothing is set for interface {number}"
    remedy_text = "number the interfaces without gaps: AERON_DPDK_{number}_LOCAL_IPV4_ADDRESS comes next"


@dataclass(eq=False)
class PropertiesError(AeronDpdkError):
    source: str
    reason: str
    exit_code = ExitCode.SETTINGS
    problem_text = "{source}: {reason}"
    remedy_text = (
        "write each property as name=value, one per line, in a readable file or behind an http:// URL"
    )


# ---- privileges ----


@dataclass(eq=False)
class UnknownAccountError(AeronDpdkError):
    setting: str
    name: str
    exit_code = ExitCode.PRIVILEGES
    problem_text = '{setting} is "{name}", which does not exist on this machine'
    remedy_text = "name an existing account (getent passwd, getent group) or give a number"


@dataclass(eq=False)
class NotPrivilegedError(AeronDpdkError):
    setting: str
    wanted: str
    current: str
    exit_code = ExitCode.PRIVILEGES
    problem_text = "{setting} asks for {wanted}, but the process runs as {current}, not as root"
    remedy_text = "start as root (sudo --preserve-env), or unset {setting}"


@dataclass(eq=False)
class PrivilegeDropError(AeronDpdkError):
    step: str
    reason: str
    exit_code = ExitCode.PRIVILEGES
    problem_text = "could not give up root's privileges: {step} ({reason}), so the driver does not start"
    remedy_text = "start as full root through plain sudo, or as the target user with AERON_DPDK_USER unset"


# ---- memory, EAL, port ----


@dataclass(eq=False)
class NoHugePagesError(AeronDpdkError):
    command: str
    exit_code = ExitCode.MEMORY
    problem_text = "no huge page is free, and DPDK takes its memory from huge pages"
    remedy_text = "reserve some with `{command}`, or use the EAL option --no-huge, which is slower"


@dataclass(eq=False)
class EalError(AeronDpdkError):
    reason: str
    arguments: tuple[str, ...]
    exit_code = ExitCode.EAL

    def problem(self) -> str:
        return f"DPDK's EAL did not start with `{' '.join(self.arguments)}` ({self.reason})"

    remedy_text = "see the EAL lines above, and --log-level=*:debug for more of them"


@dataclass(eq=False)
class EalUsedError(AeronDpdkError):
    exit_code = ExitCode.EAL
    problem_text = "DPDK was started before in this process, and it starts only once in a process"
    remedy_text = "start the next media driver in a process of its own"


PORT_REMEDIES = {
    errno.EBUSY: "stop the process that has the device, or choose another with AERON_DPDK_PORT_ID or -a",
    errno.EACCES: "give this user access to /dev/vfio/..., or start as root with AERON_DPDK_USER set",
    errno.EPERM: (
        "give this user access to /dev/vfio/..., start as root with AERON_DPDK_USER set, "
        "or, for a memif client, start the server first"
    ),
}


@dataclass(eq=False)
class PortError(AeronDpdkError):
    """`reason` is C's sentence, which may have its own remedy after a semicolon."""

    reason: str
    error_number: int
    exit_code = ExitCode.PORT

    def problem(self) -> str:
        return f"the DPDK port failed, {self.reason.partition('; ')[0]}"

    def remedy(self) -> str:
        own = self.reason.partition("; ")[2]
        fallback = "check the device, its EAL options and the lines above"
        return own or PORT_REMEDIES.get(self.error_number, fallback)


@dataclass(eq=False)
class PortMemoryError(PortError):
    exit_code = ExitCode.MEMORY

    def remedy(self) -> str:
        return (
            "reserve more huge pages, raise -m with --no-huge, or lower AERON_DPDK_RX_QUEUE_SIZE and "
            "AERON_DPDK_TX_QUEUE_SIZE"
        )


# ---- Aeron ----


@dataclass(eq=False)
class MtuError(AeronDpdkError):
    aeron_mtu_length: int
    link_mtu: int
    overhead_length: int
    datagram_max: int
    interface: str
    setting: str
    exit_code = ExitCode.MTU
    problem_text = (
        "AERON_MTU_LENGTH is {aeron_mtu_length}, which with {overhead_length} bytes of IPv4 and UDP header "
        "does not fit the link's MTU of {link_mtu} on {interface}"
    )

    def remedy(self) -> str:
        largest = self.datagram_max // 32 * 32  # AERON_LOGBUFFER_FRAME_ALIGNMENT
        return f"set AERON_MTU_LENGTH to at most {largest}, or raise {self.setting}"


@dataclass(eq=False)
class SocketBufferError(AeronDpdkError):
    setting: str
    wanted_length: int
    obtained_length: int
    buffer_setting: str
    sysctl: str
    sysctl_value: int
    exit_code = ExitCode.SOCKET_BUFFERS
    problem_text = (
        "{setting} is {wanted_length}, but a kernel socket gets only {obtained_length} bytes of buffer, "
        "and Aeron insists on it even where no socket is used"
    )

    def remedy(self) -> str:
        steps = []
        if self.sysctl_value < self.wanted_length:
            steps.append(f"run `sysctl -w {self.sysctl}={self.wanted_length}`")
        steps.append(f"set {self.buffer_setting}={self.wanted_length}")
        return f"{' and '.join(steps)}, or lower {self.setting}"


@dataclass(eq=False)
class DirectoryInUseError(AeronDpdkError):
    directory: str
    owner: str
    exit_code = ExitCode.DIRECTORY_IN_USE
    problem_text = "{directory} is the Aeron directory of a live media driver ({owner})"
    remedy_text = "stop that driver, or set AERON_DIR to another directory"


@dataclass(eq=False)
class DirectoryError(AeronDpdkError):
    directory: str
    reason: str
    user: str
    exit_code = ExitCode.DIRECTORY
    problem_text = "{user} cannot use {directory} as Aeron directory ({reason})"
    remedy_text = "remove it, give it to {user}, or set AERON_DIR to a place {user} can write to"


@dataclass(eq=False)
class DirectoryFullError(AeronDpdkError):
    directory: str
    reason: str
    exit_code = ExitCode.DIRECTORY
    problem_text = "the file system of {directory} has no room for Aeron's files ({reason})"
    remedy_text = "free some, or set AERON_DIR to a larger one; the defaults need 47 MiB plus the streams"


@dataclass(eq=False)
class DriverError(AeronDpdkError):
    reason: str
    exit_code = ExitCode.DRIVER
    problem_text = "Aeron's media driver failed ({reason})"
    remedy_text = "correct the AERON_ setting or the resource it names"


@dataclass(eq=False)
class NotBuiltError(AeronDpdkError):
    reason: str
    exit_code = ExitCode.NOT_BUILT
    problem_text = "the native half of aeron_dpdk does not load ({reason})"
    remedy_text = "run ./dev build in a checkout, or install the wheel and DPDK's shared libraries"


@dataclass(eq=False)
class MissingExtraError(AeronDpdkError):
    module: str
    extra: str
    exit_code = ExitCode.NOT_BUILT
    problem_text = "this needs {module}, which does not load here"
    remedy_text = "pip install 'aeron-dpdk[{extra}]'"


# ---- any exception to text ----


@dataclass(frozen=True, slots=True)
class Explanation:
    text: str
    exit_code: ExitCode


def explain(error: BaseException) -> Explanation:
    """What to print for `error`, and the exit code; an unexpected error comes with its traceback."""
    if isinstance(error, AeronDpdkError):
        return Explanation(f"error: {visible(str(error))}", error.exit_code)
    trace = "".join(traceback.format_exception(error)).rstrip()
    text = f"error: unexpected {type(error).__name__}, which is a bug: please report it with these lines."
    return Explanation(f"{text}\n{trace}", ExitCode.INTERNAL)
