"""The few system calls that the standard library does not wrap. All raise OSError."""

import ctypes
import os

PR_SET_NAME = 15
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
MAX_NAME_LENGTH = 15  # TASK_COMM_LEN without its NUL

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _check(result: int, call: str) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def _prctl(option: int, *arguments: int | bytes) -> None:
    padded = [*arguments, *[0] * (4 - len(arguments))]
    wide = [each if isinstance(each, bytes) else ctypes.c_ulong(each) for each in padded]
    _check(_libc.prctl(ctypes.c_int(option), *wide), f"prctl({option})")


def name_thread(name: str) -> None:
    """Names the calling thread. The main thread's name is the process's: what ps -C and pgrep -x see."""
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"{name} is longer than {MAX_NAME_LENGTH} bytes")
    _prctl(PR_SET_NAME, name.encode())


def forbid_new_privileges() -> None:
    """From now on no execve() of the calling thread, or of threads that it starts, grants a privilege."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


def clear_ambient_capabilities() -> None:
    """Of the calling thread."""
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)


def clear_inheritable_capabilities() -> None:
    """Those of the calling thread; the permitted and effective ones stay."""
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)()
    _check(_libc.capget(ctypes.byref(header), data), "capget")
    for word in data:
        word.inheritable = 0
    _check(_libc.capset(ctypes.byref(header), data), "capset")


def clear_capabilities() -> None:
    """The effective, permitted and inheritable ones of the calling thread."""
    header = _CapabilityHeader(CAPABILITY_VERSION_3, 0)
    _check(_libc.capset(ctypes.byref(header), (_CapabilityData * 2)()), "capset")
