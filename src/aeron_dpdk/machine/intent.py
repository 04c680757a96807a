"""What the operator wants to run here, as far as it decides what the machine must offer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aeron_dpdk.machine.facts.accounts import Account
from aeron_dpdk.machine.tree import Permissions

DEFAULT_WINDOW_BYTES = 128 << 10  # aeron_driver_context.c: AERON_RCV_INITIAL_WINDOW_LENGTH


@dataclass(frozen=True, slots=True)
class Intent:
    """`user` is who shall run the data path: AERON_DPDK_USER, or the user who starts aeronmd_dpdk;
    `user_name` is what was asked for, even if there is no such account, and `group_gid` None where
    AERON_DPDK_GROUP names none. So many `interfaces` have an address that is set, those that share a port
    counted once. Lengths in bytes. `affinity` is by the name of its variable."""

    user_name: str | None = None
    user: Account | None = None
    group_name: str | None = None
    group_gid: int | None = None
    starts_as_root: bool = True
    window_bytes: int = DEFAULT_WINDOW_BYTES
    socket_rcvbuf_bytes: int = DEFAULT_WINDOW_BYTES
    socket_sndbuf_bytes: int = 0
    threads_from_cgroup: bool = False
    is_dedicated: bool = True
    interfaces: int = 0
    affinity: Mapping[str, int] = field(default_factory=dict)
    aeron_directory: str = ""
    aeron_directory_permissions: Permissions | None = None
