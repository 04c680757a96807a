"""The drop of root's privileges: decided, done for real in a process of its own, and proven or refused."""

import grp
import json
import os
import pwd
import subprocess
import sys
import tempfile
from itertools import takewhile
from pathlib import Path

import pytest

import aeron_dpdk
from aeron_dpdk.driver.privileges import (
    Credentials,
    account_to_become,
    find_account,
    prove,
    refuse_unreadable,
    remaining_privileges,
)
from aeron_dpdk.errors import (
    NotPrivilegedError,
    PrivilegeDropError,
    SettingConflictError,
    UnknownAccountError,
)

NOBODY = pwd.getpwnam("nobody")
ACCOUNT = Credentials("mike", 1000, 1001, frozenset({1001, 27}))
CLEAN = """\
Name:\taeronmd_dpdk
Uid:\t1000\t1000\t1000\t1000
Gid:\t1001\t1001\t1001\t1001
Groups:\t27 1001
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")


# ---- who ----


def test_a_user_is_found_by_name_and_by_number() -> None:
    by_name = find_account("nobody", None)
    assert by_name == find_account(str(NOBODY.pw_uid), None)
    assert (by_name.uid, by_name.gid) == (NOBODY.pw_uid, NOBODY.pw_gid)
    assert by_name.gid in by_name.groups


def test_a_group_is_found_by_name_and_by_number() -> None:
    daemon = grp.getgrnam("daemon")
    account = find_account("nobody", "daemon")
    assert account == find_account("nobody", str(daemon.gr_gid))
    assert account.gid == daemon.gr_gid and account.gid in account.groups


def test_a_number_without_a_database_entry_needs_a_group() -> None:
    assert find_account("4123456", "4123457") == Credentials(
        "4123456", 4123456, 4123457, frozenset({4123457})
    )
    with pytest.raises(UnknownAccountError, match='AERON_DPDK_USER is "4123456"'):
        find_account("4123456", None)


@pytest.mark.parametrize(
    ("user", "group", "named"), [("no-such-user", None, "USER"), ("nobody", "no-such-group", "GROUP")]
)
def test_an_unknown_name_is_refused(user: str, group: str | None, named: str) -> None:
    with pytest.raises(UnknownAccountError, match=f"AERON_DPDK_{named}"):
        find_account(user, group)


def test_without_a_user_nothing_changes() -> None:
    assert account_to_become(None, None) is None


def test_a_process_of_that_user_keeps_its_groups_and_gives_up_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: NOBODY.pw_uid)
    monkeypatch.setattr(os, "getegid", lambda: NOBODY.pw_gid)
    monkeypatch.setattr(os, "getgroups", lambda: [27, 990])
    expected = Credentials("nobody", NOBODY.pw_uid, NOBODY.pw_gid, frozenset({27, 990}))
    assert account_to_become("nobody", None) == expected


def test_root_that_is_to_stay_root_has_nothing_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "getegid", lambda: 0)
    assert account_to_become("root", None) is None


@needs_root
def test_an_installation_that_the_user_cannot_read_is_refused_before_anything_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    package = closed / "aeron_dpdk"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    temporary = Path(tempfile.gettempdir())
    for folder in takewhile(lambda folder: folder != temporary, (package, *package.parents)):
        folder.chmod(0o755)
    monkeypatch.setattr(aeron_dpdk, "__file__", str(package / "__init__.py"))
    nobody = find_account("nobody", None)
    refuse_unreadable(nobody)
    closed.chmod(0o700)
    with pytest.raises(SettingConflictError, match="nobody cannot read .*/closed/aeron_dpdk"):
        refuse_unreadable(nobody)


def test_only_root_can_become_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4123456)
    monkeypatch.setattr(os, "getegid", lambda: 4123456)
    with pytest.raises(NotPrivilegedError, match="sudo --preserve-env"):
        account_to_become("nobody", None)


# ---- the proof ----


def test_a_clean_status_proves_the_drop() -> None:
    assert remaining_privileges(CLEAN, ACCOUNT) is None


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("Uid:\t1000\t1000\t1000\t1000", "Uid:\t1000\t1000\t0\t1000"),
        ("Uid:\t1000\t1000\t1000\t1000", "Uid:\t0\t1000\t1000\t1000"),
        ("Uid:\t1000\t1000\t1000\t1000", "Uid:\t1000\t1000\t1000\t0"),
        ("Gid:\t1001\t1001\t1001\t1001", "Gid:\t1001\t1001\t0\t1001"),
        ("Groups:\t27 1001", "Groups:\t0 27 1001"),
        ("Groups:\t27 1001", "Groups:\t27 "),
        ("Groups:\t27 1001", "Groups:\t"),
        ("CapPrm:\t0000000000000000", "CapPrm:\t0000000000000001"),
        ("CapEff:\t0000000000000000", "CapEff:\t0000000000000400"),
        ("CapInh:\t0000000000000000", "CapInh:\t0000000000000400"),
        ("CapAmb:\t0000000000000000", "CapAmb:\t0000000000000400"),
        ("CapAmb:\t0000000000000000\n", ""),
        ("Uid:\t1000\t1000\t1000\t1000\n", ""),
    ],
)
def test_any_remaining_privilege_is_found(line: str, instead: str) -> None:
    assert line in CLEAN
    assert remaining_privileges(CLEAN.replace(line, instead), ACCOUNT) is not None


def fake_process(root: Path, *statuses: str) -> Path:
    (root / "status").write_text(statuses[0])
    for number, status in enumerate(statuses):
        task = root / "task" / str(100 + number)
        task.mkdir(parents=True)
        (task / "status").write_text(status)
    return root


def test_every_thread_is_checked(tmp_path: Path) -> None:
    prove(ACCOUNT, fake_process(tmp_path, CLEAN, CLEAN))


def test_one_thread_with_privileges_is_enough_to_fail(tmp_path: Path) -> None:
    process = fake_process(tmp_path, CLEAN, CLEAN, CLEAN.replace("CapPrm:\t0", "CapPrm:\t8"))
    with pytest.raises(PrivilegeDropError, match=r"task/102/status still shows privileges \(CapPrm 8"):
        prove(ACCOUNT, process)


def test_without_proc_there_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        prove(ACCOUNT, tmp_path)


# ---- for real, in a process that has threads ----

DROP = """
import json, os, sys, threading, traceback
from itertools import takewhile
from pathlib import Path
from aeron_dpdk.driver import linux, privileges
from aeron_dpdk.driver.privileges import become, find_account, limit_inheritance
account = find_account("nobody", "daemon")
{before}
limit_inheritance()
stop = threading.Event()
threads = [threading.Thread(target=stop.wait) for _ in range(3)]
for thread in threads:
    thread.start()
try:
    {during}
    become(account, lambda thread_id: None)
    told = "dropped"
except BaseException as error:
    told = str(error)
statuses = [path.read_text() for path in Path("/proc/self/task").glob("*/status")]
can_return = True
try:
    os.setuid(0)
except PermissionError:
    can_return = False
stop.set()
print(json.dumps(dict(told=told, statuses=statuses, can_return=can_return)))
"""


def drop(before: str = "pass", during: str = "pass") -> dict[str, object]:
    script = DROP.format(before=before, during=during)
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    result: dict[str, object] = json.loads(output.stdout)
    return result


@needs_root
def test_after_the_drop_no_thread_has_anything_of_root_and_none_can_get_it_back() -> None:
    result = drop()
    assert (result["told"], result["can_return"]) == ("dropped", False)
    account = find_account("nobody", "daemon")
    statuses = result["statuses"]
    assert isinstance(statuses, list) and len(statuses) == 4
    for status in statuses:
        assert remaining_privileges(status, account) is None
        assert "NoNewPrivs:\t1" in status


@needs_root
def test_a_supplementary_group_of_root_does_not_survive() -> None:
    result = drop(before="os.setgroups([0, 4])")
    assert result["told"] == "dropped"


@needs_root
def test_capabilities_kept_over_the_change_of_user_are_found_in_the_other_threads() -> None:
    # SECBIT_KEEP_CAPS is each thread's own: capset() of the main thread does not reach the others.
    result = drop(before="linux._prctl(28, 0x10)")
    assert "still shows privileges" in str(result["told"]) and "CapPrm" in str(result["told"])


@needs_root
def test_a_step_that_the_system_refuses_ends_the_drop() -> None:
    refuse = (
        "os.setgroups = lambda groups: (_ for _ in ()).throw(PermissionError(1, 'Operation not permitted'))"
    )
    result = drop(during=refuse)
    assert "setgroups failed (Operation not permitted)" in str(result["told"])


AMBIENT = """
import json, os, threading
from itertools import takewhile
from pathlib import Path
from aeron_dpdk.driver.privileges import become, account_to_become, limit_inheritance
from aeron_dpdk.native import lib
account = account_to_become("nobody", None)
held = Path("/proc/self/status").read_text()
limit_inheritance()
stop = threading.Event()
for _ in range(3):
    threading.Thread(target=stop.wait, daemon=True).start()
become(account, {give_up})
statuses = [path.read_text() for path in Path("/proc/self/task").glob("*/status")]
print(json.dumps(dict(held=held, statuses=statuses, groups=os.getgroups())), flush=True)
os._exit(0)
"""
AS_NOBODY_WITH_CAPABILITIES = (
    "setpriv",
    "--reuid=nobody",
    "--regid=nogroup",
    "--groups=27",
    "--inh-caps=+sys_admin,+sys_rawio",
    "--ambient-caps=+sys_admin,+sys_rawio",
)


def give_up_ambient(give_up: str) -> subprocess.CompletedProcess[str]:
    command = [*AS_NOBODY_WITH_CAPABILITIES, sys.executable, "-c", AMBIENT.format(give_up=give_up)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@needs_root
def test_a_user_with_ambient_capabilities_gives_them_up_in_every_thread() -> None:
    """As a systemd unit has them: User=nobody, AmbientCapabilities=CAP_SYS_ADMIN, AERON_DPDK_USER=nobody."""
    done = give_up_ambient("lambda thread: lib.adk_give_up_capabilities(thread)")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert "CapEff:\t0000000000220000" in result["held"]
    assert len(result["statuses"]) >= 4
    account = Credentials("nobody", NOBODY.pw_uid, NOBODY.pw_gid, frozenset({27}))
    assert [remaining_privileges(status, account) for status in result["statuses"]] == [None] * len(
        result["statuses"]
    )


@needs_root
def test_a_thread_that_keeps_its_capabilities_is_found() -> None:
    done = give_up_ambient("lambda thread: None")
    assert done.returncode != 0 and "still shows privileges (CapPrm 0000000000220000" in done.stderr
