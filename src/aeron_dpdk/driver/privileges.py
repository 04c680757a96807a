"""From root to AERON_DPDK_USER: decided before anything is opened, done once the port is open, and verified.

glibc changes user ids and groups in every thread of the process. Capabilities belong to each thread, and no
thread can remove those of another. So those that survive a change of the user id (the inheritable and ambient
sets) are removed before DPDK starts its threads. The result is read from /proc for every thread; if it is not
as it must be, the driver does not start.
"""

import grp
import os
import pwd
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import aeron_dpdk
from aeron_dpdk.driver import linux
from aeron_dpdk.errors import (
    NotPrivilegedError,
    PrivilegeDropError,
    SettingConflictError,
    UnknownAccountError,
)

GIVE_UP_S = 2.0
USER_SETTING = "AERON_DPDK_USER"
GROUP_SETTING = "AERON_DPDK_GROUP"
CAPABILITY_FIELDS = ("CapInh", "CapPrm", "CapEff", "CapAmb")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`groups` are the supplementary ones, with `gid` among them."""

    name: str
    uid: int
    gid: int
    groups: frozenset[int]


def find_account(user: str, group: str | None) -> Credentials:
    """By name or number; a number needs no entry in the user database if a group is given. Raises
    UnknownAccountError."""
    entry = _user_entry(user)
    if entry is None and not (user.isdecimal() and group is not None):
        raise UnknownAccountError(USER_SETTING, user)
    gid = _group_id(group) if group is not None else None
    if entry is None:
        assert gid is not None
        return Credentials(user, int(user), gid, frozenset({gid}))
    gid = entry.pw_gid if gid is None else gid
    return Credentials(entry.pw_name, entry.pw_uid, gid, frozenset(os.getgrouplist(entry.pw_name, gid)))


def _user_entry(user: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(int(user)) if user.isdecimal() else pwd.getpwnam(user)
    except (KeyError, OverflowError):
        return None


def _group_id(group: str) -> int:
    if group.isdecimal():
        return int(group)
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise UnknownAccountError(GROUP_SETTING, group) from None


def account_to_become(user: str | None, group: str | None) -> Credentials | None:
    """None if the process is to stay the user that it is, or is to be root. A process that is that user
    already keeps its groups, but no privileges. Raises UnknownAccountError and NotPrivilegedError."""
    if user is None:
        return None
    account = find_account(user, group)
    uid, gid = os.geteuid(), os.getegid()
    if account.uid == uid and (group is None or account.gid == gid):
        return None if uid == 0 else Credentials(account.name, uid, gid, frozenset(os.getgroups()))
    if uid != 0:
        raise NotPrivilegedError(
            USER_SETTING, f"{account.name} ({account.uid}:{account.gid})", f"{uid}:{gid}"
        )
    return account


def limit_inheritance() -> None:
    """Call it before DPDK starts its threads: they must inherit nothing that survives a change of ids."""
    _step("PR_SET_NO_NEW_PRIVS", linux.forbid_new_privileges)
    _step("the ambient capabilities", linux.clear_ambient_capabilities)
    _step("the inheritable capabilities", linux.clear_inheritable_capabilities)


def become(account: Credentials, give_up_capabilities: Callable[[int], None]) -> None:
    """For ever, and in every thread: `give_up_capabilities` makes the thread with that id do so. Raises
    PrivilegeDropError; then the caller must exit."""
    if account.groups != frozenset(os.getgroups()):  # only a privileged process may change them
        _step("setgroups", lambda: os.setgroups(sorted(account.groups)))
    _step("setresgid", lambda: os.setresgid(account.gid, account.gid, account.gid))
    _step("setresuid", lambda: os.setresuid(account.uid, account.uid, account.uid))
    if account.uid != 0:
        _step("capset", linux.clear_capabilities)
        _step("capset in other threads", lambda: _clear_in_threads(give_up_capabilities))
    prove(account)


def _clear_in_threads(give_up_capabilities: Callable[[int], None]) -> None:
    """The kernel removes capabilities when the user id changes from root. A process that was not root keeps
    them, in each thread."""
    tasks = [task for task in Path("/proc/self/task").iterdir() if _held(task / "status")]
    for task in tasks:
        give_up_capabilities(int(task.name))
    end = time.monotonic() + GIVE_UP_S
    while any(_held(task / "status") for task in tasks) and time.monotonic() < end:
        time.sleep(0.001)


def capabilities_held() -> str | None:
    """The effective capabilities of this thread, as /proc shows them; None if it has none."""
    return _held(Path("/proc/thread-self/status"))


def _held(status: Path) -> str | None:
    try:
        shown = re.search(r"^CapEff:\s*(\w+)", status.read_text(), re.MULTILINE)
    except OSError:  # the thread has ended
        return None
    return shown[1] if shown is not None and int(shown[1], 16) != 0 else None


def refuse_unreadable(account: Credentials) -> None:
    """Raises SettingConflictError if the user cannot read our installation: the start would fail half-way,
    since modules are loaded after the drop too. Asks the kernel, as that user."""
    if account.uid in (0, os.geteuid()):
        return
    package = Path(aeron_dpdk.__file__).parent
    needed = [str(package / "__init__.py"), *map(str, package.glob("_native*"))]
    script = 'for file; do [ -r "$file" ] || { echo "$file"; exit 1; }; done'
    asked = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *needed],
        user=account.uid,
        group=account.gid,
        extra_groups=sorted(account.groups),
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    if asked.returncode != 0:
        raise SettingConflictError(
            f"{USER_SETTING} {account.name} cannot read {asked.stdout.strip()} of this installation",
            f"let {account.name} enter every folder above it (chmod o+x), or install below /opt",
        )


def _step(name: str, call: Callable[[], None]) -> None:
    try:
        call()
    except OSError as error:
        raise PrivilegeDropError(f"{name} failed", error.strerror or str(error)) from error


def prove(account: Credentials, process: Path = Path("/proc/self")) -> None:
    """Raises PrivilegeDropError unless every thread shows the account's ids and groups and no capability."""
    for status in _status_files(process):
        remaining = remaining_privileges(status.read_text(), account)
        if remaining is not None:
            raise PrivilegeDropError(f"{status} still shows privileges", remaining)


def _status_files(process: Path) -> Iterator[Path]:
    yield process / "status"
    for task in sorted((process / "task").iterdir()):
        if (task / "status").exists():  # the thread may have ended meanwhile
            yield task / "status"


def remaining_privileges(status: str, account: Credentials) -> str | None:
    """What a text of /proc/.../status shows in excess of `account`; None if nothing. A missing line counts as
    a privilege."""
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    expected_ids = {"Uid": {account.uid}, "Gid": {account.gid}, "Groups": set(account.groups)}
    for field, expected in expected_ids.items():
        shown = fields.get(field, "none").split()
        if shown != ["none"] and {int(each) for each in shown} == expected:
            continue
        return f"{field} {' '.join(shown)}"
    if account.uid == 0:
        return None
    for field in CAPABILITY_FIELDS:
        shown_capabilities = fields.get(field, "none").strip()
        if shown_capabilities == "none" or int(shown_capabilities, 16) != 0:
            return f"{field} {shown_capabilities}"
    return None
