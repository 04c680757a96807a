"""The few settings of Aeron's own driver that matter on our side of the seam.

Read as aeron_driver_context.c reads them: if a value cannot be read, the default stays (Aeron prints the
warning); a number out of range becomes the nearest bound.
"""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass

from aeron_dpdk.errors import SettingConflictError

DEDICATED = "DEDICATED"
THREADING_MODES = frozenset({DEDICATED, "SHARED", "SHARED_NETWORK", "INVOKER"})
DATA_HEADER_LENGTH = 32
MAX_UDP_PAYLOAD_LENGTH = 65504  # aeron_logbuffer_descriptor.h
INT32_MAX = (1 << 31) - 1
_SIZE = re.compile(r"\s*\+?(\d+)([kKmMgG]?)")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


@dataclass(frozen=True, slots=True)
class AeronSettings:
    """Lengths in bytes. `affinity` maps the name of an affinity variable that is set to its CPU."""

    directory: str
    deletes_directory_on_start: bool
    driver_timeout_ms: int
    threading_mode: str
    mtu_length: int
    initial_window_length: int
    socket_rcvbuf: int
    socket_sndbuf: int
    affinity: Mapping[str, int]
    affinity_is_cpuset_index: bool

    @property
    def threads_shared(self) -> bool:
        """Whether sender and receiver run on one thread."""
        return self.threading_mode != DEDICATED


AFFINITY_NAMES = (
    "AERON_CONDUCTOR_CPU_AFFINITY",
    "AERON_SENDER_CPU_AFFINITY",
    "AERON_RECEIVER_CPU_AFFINITY",
    "AERON_DRIVER_NATIVE_RESOURCE_AGENT_CPU_AFFINITY",
)


MEDIA = "AERON_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA"
CONDUCTOR_MEDIA = "AERON_CONDUCTOR_UDP_CHANNEL_TRANSPORT_BINDINGS_MEDIA"
LIBRARIES = "AERON_DRIVER_DYNAMIC_LIBRARIES"
OUTGOING = "AERON_UDP_CHANNEL_OUTGOING_INTERCEPTORS"
INCOMING = "AERON_UDP_CHANNEL_INCOMING_INTERCEPTORS"
# Interceptors whose outgoing functions are NULL, and are called all the same
# (media/aeron_udp_channel_transport_loss.c and so on).
INCOMING_ONLY = ("loss", "fixed-loss", "multi-gap-loss")
RESOLVER = "AERON_NAME_RESOLVER_SUPPLIER"
RESOLVER_NAME = "AERON_DRIVER_RESOLVER_NAME"


def refuse_what_crashes_aeron(environment: Mapping[str, str]) -> None:
    """Raises SettingConflictError for settings that crash Aeron, and for other media than ours."""
    if environment.get(MEDIA, "default") != "default":
        # Aeron crashes on an unknown name (aeron_udp_channel_transport_bindings_load_media()).
        raise SettingConflictError(
            f"{MEDIA} is {environment[MEDIA]}, but the media of aeronmd_dpdk is the DPDK port",
            f"unset {MEDIA}, or start aeronmd",
        )
    if environment.get(CONDUCTOR_MEDIA, "default") != "default" and not environment.get(LIBRARIES):
        raise SettingConflictError(
            f"{CONDUCTOR_MEDIA} is {environment[CONDUCTOR_MEDIA]}, which Aeron does not know",
            f"unset it, or name the library that defines it in {LIBRARIES}",
        )
    for name in environment.get(OUTGOING, "").split(","):
        if name in INCOMING_ONLY:
            raise SettingConflictError(
                f"{OUTGOING} names {name}, which Aeron provides for incoming frames only",
                f"set {INCOMING}={name} in its place",
            )
    if environment.get(RESOLVER) == "driver" and not environment.get(RESOLVER_NAME):
        raise SettingConflictError(
            f"{RESOLVER} is driver, but {RESOLVER_NAME} is not set",
            f"set {RESOLVER_NAME} to the name of this driver",
        )


def read_aeron_settings(environment: Mapping[str, str]) -> AeronSettings:
    """Raises SettingConflictError if other media than the DPDK port are requested, or if the settings would
    crash Aeron."""
    refuse_what_crashes_aeron(environment)

    def size(name: str, default: int, low: int, high: int = INT32_MAX) -> int:
        found = _SIZE.match(environment.get(name, ""))
        if found is None:
            return default
        return max(low, min(high, int(found[1]) * _UNITS[found[2].lower()]))

    mode = environment.get("AERON_THREADING_MODE", DEDICATED)
    return AeronSettings(
        directory=environment.get("AERON_DIR") or default_directory(environment),
        deletes_directory_on_start=_is_true(environment.get("AERON_DIR_DELETE_ON_START", "")),
        driver_timeout_ms=size("AERON_DRIVER_TIMEOUT", 10_000, 0),
        threading_mode=mode if mode in THREADING_MODES else DEDICATED,
        mtu_length=size("AERON_MTU_LENGTH", 1408, DATA_HEADER_LENGTH, MAX_UDP_PAYLOAD_LENGTH),
        initial_window_length=size("AERON_RCV_INITIAL_WINDOW_LENGTH", 128 << 10, 256),
        socket_rcvbuf=size("AERON_SOCKET_SO_RCVBUF", 128 << 10, 0),
        socket_sndbuf=size("AERON_SOCKET_SO_SNDBUF", 0, 0),
        affinity={
            name: int(environment[name]) for name in AFFINITY_NAMES if environment.get(name, "").isdecimal()
        },
        affinity_is_cpuset_index=_is_true(environment.get("AERON_DRIVER_CPUSET_AFFINITY", "")),
    )


RESOURCE_AGENT_IDLE = "AERON_DRIVER_NATIVE_RESOURCE_AGENT_IDLE_STRATEGY"


def resource_agent_idles(environment: Mapping[str, str]) -> dict[str, str]:
    """The settings with which Aeron's resource agent, which maps buffers and resolves names, looks for work
    eight times a second instead of a thousand times while it has none. Once it finds work, it looks again at
    once, then after 1 ms, 2 ms, and so on (aeron_agent.c: spins, yields, shortest and longest park). If
    Aeron's name resolver is on, it must look every 10 ms."""
    if RESOURCE_AGENT_IDLE in environment or environment.get(RESOLVER) == "driver":
        return {}
    return {RESOURCE_AGENT_IDLE: "backoff", f"{RESOURCE_AGENT_IDLE}_INIT_ARGS": "1-1-1ms-125ms"}


def default_directory(environment: Mapping[str, str]) -> str:
    """As in aeron_default_path()."""
    user = environment.get("USER")
    if user is None:
        try:
            user = pwd.getpwuid(os.getuid()).pw_name
        except KeyError:
            user = "default"
    return f"/dev/shm/aeron-{user}"


def _is_true(value: str) -> bool:
    """As aeron_parse_bool(), which looks at prefixes only; every default here is false."""
    return value.startswith(("1", "on", "true"))
