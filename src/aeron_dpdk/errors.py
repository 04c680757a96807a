"""Every way to fail that we know: its fields, its sentence, its remedy and its exit code.

A message is one sentence: the problem, a colon, the remedy. Only the entry points print, and they print what
`explain` returns.
"""

import errno
import traceback
from dataclasses import dataclass
from typing import ClassVar

from aeron_dpdk.exit_code import ExitCode


class AeronDpdkError(Exception):
    """The root: anything of ours that is raised on purpose."""

    exit_code: ClassVar[ExitCode]

    def problem(self) -> str:
        """What is wrong, without a full stop."""
        raise NotImplementedError

    def remedy(self) -> str:
        """What to do about it, without a full stop."""
        raise NotImplementedError

    def __str__(self) -> str:
        remedy = self.remedy()
        return f"{self.problem()}: {remedy}" + ("" if remedy.endswith("?") else ".")


# ---- the command line ----


@dataclass(eq=False)
class CommandLineError(AeronDpdkError):
    complaint: str
    advice: str
    exit_code = ExitCode.USAGE

    def problem(self) -> str:
        return self.complaint

    def remedy(self) -> str:
        return self.advice


# ---- settings ----


@dataclass(eq=False)
class UnknownSettingError(AeronDpdkError):
    name: str
    source: str
    suggestion: str | None
    exit_code = ExitCode.SETTINGS

    def problem(self) -> str:
        return f"{self.name} ({self.source}) is not a setting of aeronmd_dpdk"

    def remedy(self) -> str:
        return f"did you mean {self.suggestion}?" if self.suggestion else "-h lists the settings"


@dataclass(eq=False)
class SettingValueError(AeronDpdkError):
    name: str
    value: str
    source: str
    expected: str
    exit_code = ExitCode.SETTINGS

    def problem(self) -> str:
        return f'{self.name} is "{self.value}" ({self.source})'

    def remedy(self) -> str:
        return f"it must be {self.expected}"


@dataclass(eq=False)
class SettingMissingError(AeronDpdkError):
    name: str
    purpose: str
    exit_code = ExitCode.SETTINGS

    def problem(self) -> str:
        return f"{self.name} is not set, so {self.purpose}"

    def remedy(self) -> str:
        return f"set {self.name} in the environment, with -D or in a property file"


@dataclass(eq=False)
class SettingConflictError(AeronDpdkError):
    conflict: str
    resolution: str
    exit_code = ExitCode.SETTINGS

    def problem(self) -> str:
        return self.conflict

    def remedy(self) -> str:
        return self.resolution


@dataclass(eq=False)
class PropertiesError(AeronDpdkError):
    source: str
    reason: str
    exit_code = ExitCode.SETTINGS

    def problem(self) -> str:
        return f"{self.source}: {self.reason}"

    def remedy(self) -> str:
        return "a property is written name=value, one a line, in a readable file or behind an http:// URL"


# ---- privileges ----


@dataclass(eq=False)
class UnknownAccountError(AeronDpdkError):
    setting: str
    name: str
    exit_code = ExitCode.PRIVILEGES

    def problem(self) -> str:
        return f'{self.setting} is "{self.name}", which this machine does not know'

    def remedy(self) -> str:
        return "name an existing account (getent passwd, getent group) or give a number"


@dataclass(eq=False)
class NotPrivilegedError(AeronDpdkError):
    setting: str
    wanted: str
    current: str
    exit_code = ExitCode.PRIVILEGES

    def problem(self) -> str:
        return f"{self.setting} asks for {self.wanted}, but we run as {self.current} and not as root"

    def remedy(self) -> str:
        return f"start as root (sudo --preserve-env), or unset {self.setting}"


@dataclass(eq=False)
class PrivilegeDropError(AeronDpdkError):
    step: str
    reason: str
    exit_code = ExitCode.PRIVILEGES

    def problem(self) -> str:
        return f"could not give up root's privileges: {self.step} ({self.reason}), so we do not go on"

    def remedy(self) -> str:
        return "start as full root through plain sudo, or as the target user with AERON_DPDK_USER unset"


# ---- memory, EAL, port ----


@dataclass(eq=False)
class NoHugePagesError(AeronDpdkError):
    command: str
    exit_code = ExitCode.MEMORY

    def problem(self) -> str:
        return "no huge page is free, and DPDK takes its memory from huge pages"

    def remedy(self) -> str:
        return f"reserve some with `{self.command}`, or use the EAL option --no-huge, which is slower"


@dataclass(eq=False)
class EalError(AeronDpdkError):
    reason: str
    arguments: tuple[str, ...]
    exit_code = ExitCode.EAL

    def problem(self) -> str:
        return f"DPDK's EAL did not start with `{' '.join(self.arguments)}` ({self.reason})"

    def remedy(self) -> str:
        return "see the EAL lines above, and --log-level=*:debug for more of them"


@dataclass(eq=False)
class EalUsedError(AeronDpdkError):
    exit_code = ExitCode.EAL

    def problem(self) -> str:
        return "DPDK was started before in this process, and it starts only once in a process"

    def remedy(self) -> str:
        return "start the next media driver in a process of its own"


PORT_REMEDIES = {
    errno.EBUSY: "stop the process that has the device, or choose another with AERON_DPDK_PORT_ID or -a",
    errno.EACCES: "give this user the device (/dev/vfio/...), or start as root with AERON_DPDK_USER set",
    errno.EPERM: (
        "give this user the device (/dev/vfio/...), start as root with AERON_DPDK_USER set, "
        "or, for a memif client, start the server first"
    ),
}


@dataclass(eq=False)
class PortError(AeronDpdkError):
    """`reason` is C's sentence, which may bring its own remedy behind a semicolon."""

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
    exit_code = ExitCode.MTU

    def problem(self) -> str:
        return (
            f"AERON_MTU_LENGTH is {self.aeron_mtu_length}, which with {self.overhead_length} bytes of IPv4 "
            f"and UDP header does not fit the link's MTU of {self.link_mtu}"
        )

    def remedy(self) -> str:
        largest = self.datagram_max // 32 * 32  # AERON_LOGBUFFER_FRAME_ALIGNMENT
        return f"set AERON_MTU_LENGTH to at most {largest}, or raise AERON_DPDK_MTU"


@dataclass(eq=False)
class SocketBufferError(AeronDpdkError):
    setting: str
    wanted_length: int
    obtained_length: int
    buffer_setting: str
    sysctl: str
    sysctl_value: int
    exit_code = ExitCode.SOCKET_BUFFERS

    def problem(self) -> str:
        return (
            f"{self.setting} is {self.wanted_length}, but a kernel socket gets only {self.obtained_length} "
            f"bytes of buffer, and Aeron insists on it even where no socket is used"
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

    def problem(self) -> str:
        return f"{self.directory} is the Aeron directory of a live media driver ({self.owner})"

    def remedy(self) -> str:
        return "stop that driver, or set AERON_DIR to another directory"


@dataclass(eq=False)
class DirectoryError(AeronDpdkError):
    directory: str
    reason: str
    user: str
    exit_code = ExitCode.DIRECTORY

    def problem(self) -> str:
        return f"{self.user} cannot use {self.directory} as Aeron directory ({self.reason})"

    def remedy(self) -> str:
        return f"remove it, give it to {self.user}, or set AERON_DIR to a place {self.user} can write to"


@dataclass(eq=False)
class DirectoryFullError(AeronDpdkError):
    directory: str
    reason: str
    exit_code = ExitCode.DIRECTORY

    def problem(self) -> str:
        return f"the file system of {self.directory} has no room for Aeron's files ({self.reason})"

    def remedy(self) -> str:
        return "free some, or set AERON_DIR to a larger one; the defaults need 47 MiB and the streams"


@dataclass(eq=False)
class DriverError(AeronDpdkError):
    reason: str
    exit_code = ExitCode.DRIVER

    def problem(self) -> str:
        return f"Aeron's media driver failed ({self.reason})"

    def remedy(self) -> str:
        return "correct the AERON_ setting or the resource it names"


@dataclass(eq=False)
class NotBuiltError(AeronDpdkError):
    reason: str
    exit_code = ExitCode.NOT_BUILT

    def problem(self) -> str:
        return f"the native half of aeron_dpdk does not load ({self.reason})"

    def remedy(self) -> str:
        return "run ./dev build in a checkout, or install the wheel and DPDK's shared libraries"


# ---- measuring ----


@dataclass(eq=False)
class LoadError(AeronDpdkError):
    side: str
    reason: str
    exit_code = ExitCode.DRIVER

    def problem(self) -> str:
        return f"the measurement's {self.side} failed ({self.reason})"

    def remedy(self) -> str:
        return (
            "try again on a machine with two idle CPUs; when it persists, please report it with these lines"
        )


@dataclass(eq=False)
class TooFewCpusError(AeronDpdkError):
    cpus: int
    exit_code = ExitCode.USAGE

    def problem(self) -> str:
        return f"two processes must spin on a core each, and ours may use {self.cpus} CPU(s) of one core"

    def remedy(self) -> str:
        return "run on a machine, or in a container, with two cores or more"


# ---- any exception to text ----


@dataclass(frozen=True, slots=True)
class Explanation:
    text: str
    exit_code: ExitCode


def explain(error: BaseException) -> Explanation:
    """What to print for `error` and what to exit with; the unexpected comes with its traceback."""
    if isinstance(error, AeronDpdkError):
        return Explanation(f"error: {error}", error.exit_code)
    trace = "".join(traceback.format_exception(error)).rstrip()
    text = f"error: unexpected {type(error).__name__}, which is our fault: please report it with these lines."
    return Explanation(f"{text}\n{trace}", ExitCode.INTERNAL)
