"""The host we run on, and what the environment asks to be run there."""

import os
import re
from collections.abc import Mapping, Sequence

from aeron_dpdk.driver.aeron_settings import read_aeron_settings
from aeron_dpdk.driver.properties import load_properties
from aeron_dpdk.driver.setting_table import interface_addresses, interface_port
from aeron_dpdk.driver.settings import merge, read_setting
from aeron_dpdk.errors import NotBuiltError
from aeron_dpdk.errors.machine import RefusedError
from aeron_dpdk.machine.change.system import System
from aeron_dpdk.machine.facts.accounts import Account, read_account, read_group_id
from aeron_dpdk.machine.facts.session import Session
from aeron_dpdk.machine.intent import DpdkRelease, Intent
from aeron_dpdk.machine.tree import Tree


def this_host() -> System:
    return System()


def environment_with(files: Sequence[str]) -> Mapping[str, str]:
    """The process environment with property files applied, as aeronmd_dpdk would see it. Raises
    PropertiesError."""
    properties = [each for location in files for each in load_properties(location)]
    return {name: each.value for name, each in merge(os.environ, properties).items()}


def read_intent(
    environment: Mapping[str, str], tree: Tree, session: Session, ordinary_user: str | None
) -> Intent:
    """`ordinary_user` is the user who will start aeronmd_dpdk without root; AERON_DPDK_USER works for root
    only. Raises SettingValueError."""
    aeron = read_aeron_settings(environment)
    drops_to, group = environment.get("AERON_DPDK_USER"), environment.get("AERON_DPDK_GROUP")
    user_name = ordinary_user or drops_to or None
    user = read_account(tree, user_name or str(session.uid))
    directory = aeron.directory
    if "AERON_DIR" not in environment and user is not None:
        directory = f"/dev/shm/aeron-{user.name}"
    return Intent(
        user_name=user_name,
        user=user,
        group_name=group or None,
        group_gid=read_group_id(tree, group) if group else None,
        starts_as_root=ordinary_user is None and (bool(drops_to) or session.uid == 0),
        window_bytes=aeron.initial_window_length,
        socket_rcvbuf_bytes=aeron.socket_rcvbuf,
        socket_sndbuf_bytes=aeron.socket_sndbuf,
        threads_from_cgroup=read_setting(environment, "AERON_DPDK_THREADS_FROM_CGROUP") or False,
        is_dedicated=not aeron.threads_shared,
        interfaces=_ports_set(environment),
        affinity=aeron.affinity,
        aeron_directory=directory,
        aeron_directory_permissions=tree.permissions(directory),
    )


def _ports_set(environment: Mapping[str, str]) -> int:
    numbers = [number for number, name in enumerate(interface_addresses()) if environment.get(name)]
    return len({environment.get(interface_port(number)) or str(number) for number in numbers})


def dpdk_release() -> DpdkRelease | None:
    """None if the native half, which contains the libraries, is not built."""
    try:
        from aeron_dpdk.native import dpdk_version  # noqa: PLC0415 - loads all of DPDK
    except NotBuiltError:
        return None
    found = re.search(r"(\d+)\.(\d+)", dpdk_version())
    return (int(found[1]), int(found[2])) if found else None


def find_user(tree: Tree, name: str) -> Account:
    """Raises RefusedError."""
    account = read_account(tree, name)
    if account is None:
        raise RefusedError(f"there is no user {name}", f"sudo useradd --system {name}, or name another")
    return account
