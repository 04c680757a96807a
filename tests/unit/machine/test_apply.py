"""Plans carried out on recorded hosts with a fake kernel: applied, undone, repeated, interrupted, killed."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.hosts.fake_kernel import FakeKernel

from aeron_dpdk.errors.machine import JournalError, StepFailedError, UndoError
from aeron_dpdk.machine.change.apply import apply, steps_of, undo
from aeron_dpdk.machine.change.journal import PLACE, opened_journal
from aeron_dpdk.machine.facts.accounts import Account
from aeron_dpdk.machine.facts.machine import read_facts
from aeron_dpdk.machine.intent import SetupPart, SetupRequest
from aeron_dpdk.machine.plan.make_plan import make_plan

MIKE = Account("mike", 1000, 1000, frozenset({1000}))
BAR = "0000:48:00.0"
BARE_METAL = SetupRequest(nics=(BAR,), user=MIKE)
CASES = {
    "bare-metal-ixgbe": BARE_METAL,
    "aws-c6in": SetupRequest(nics=("ens6",)),
    "debian-no-iommu": SetupRequest(),
    "one-gib-pages": SetupRequest(user=MIKE),
}
cases = pytest.mark.parametrize(("name", "asked"), CASES.items(), ids=CASES)
# Between them, these have every kind of step.
kill_cases = pytest.mark.parametrize(("name", "asked"), [*CASES.items()][:2], ids=[*CASES][:2])


class Killed(BaseException):
    """As kill -9: nothing of ours runs after it."""


def set_up(host: FakeKernel, asked: SetupRequest) -> int:
    """Returns the number of steps."""
    plan = make_plan(read_facts(host, host.network()), asked)
    steps = steps_of(plan.changes, host)
    with opened_journal(host) as journal:
        apply(steps, host, journal, lambda line: None)
    return len(steps)


def take_back(host: FakeKernel) -> list[str]:
    said: list[str] = []
    with opened_journal(host) as journal:
        undo(host, journal, said.append)
    return said


def snapshot(host: FakeKernel) -> dict[str, object]:
    """All that setup may change, without what it leaves on purpose: empty folders and its lock."""
    files = {
        str(path.relative_to(host.root)): str(path.readlink())
        if path.is_symlink()
        else path.read_text().strip()
        for path in host.root.rglob("*")
        if path.is_symlink() or path.is_file()
    }
    gone = [name for name in files if name.endswith(("/lock", "free_hugepages"))]
    # The fake leaves the folder of an unloaded module below /sys/module.
    gone += [name for name in files if name.startswith("sys/module/")]
    permissions = {
        f"permissions of {name}": mode for name, mode in host.recorded.items() if host.exists(name)
    }
    kept = {name: text for name, text in files.items() if name not in gone}
    return {**kept, **permissions, **host.network()}


def content(path: Path) -> str:
    return str(path.readlink()) if path.is_symlink() else path.read_text().strip()


@cases
def test_undo_restores_exactly_what_was_before(name: str, asked: SetupRequest, tmp_path: Path) -> None:
    host = FakeKernel(name, tmp_path)
    before = snapshot(host)
    assert set_up(host, asked) > 0
    assert snapshot(host) != before
    take_back(host)
    assert snapshot(host) == before


@cases
def test_applying_twice_changes_nothing_the_second_time(
    name: str, asked: SetupRequest, tmp_path: Path
) -> None:
    host = FakeKernel(name, tmp_path)
    set_up(host, asked)
    host.writes.clear()
    assert set_up(host, asked) == 0
    assert host.writes == []


@kill_cases
def test_undo_works_after_kill_at_any_moment(name: str, asked: SetupRequest, tmp_path: Path) -> None:
    whole = FakeKernel(name, tmp_path / "whole")
    before = snapshot(whole)
    set_up(whole, asked)
    for moment in range(len(whole.writes)):
        host = FakeKernel(name, tmp_path / str(moment))
        host.before_write = killer(host, moment)
        with pytest.raises(Killed):
            set_up(host, asked)
        host.before_write = lambda name: None
        take_back(host)
        assert snapshot(host) == before, f"killed before write {moment}: {whole.writes[moment]}"


def killer(host: FakeKernel, moment: int) -> Callable[[str], None]:
    def kill(name: str) -> None:
        if len(host.writes) >= moment:
            raise Killed

    return kill


@kill_cases
def test_setup_goes_on_after_kill_at_any_moment(name: str, asked: SetupRequest, tmp_path: Path) -> None:
    whole = FakeKernel(name, tmp_path / "whole")
    before = snapshot(whole)
    set_up(whole, asked)
    for moment in range(0, len(whole.writes), 3):
        host = FakeKernel(name, tmp_path / str(moment))
        host.before_write = killer(host, moment)
        with pytest.raises(Killed):
            set_up(host, asked)
        host.before_write = lambda name: None
        set_up(host, asked)
        take_back(host)
        assert snapshot(host) == before, f"killed before write {moment}: {whole.writes[moment]}"


@kill_cases
def test_undo_itself_can_be_killed_and_repeated(name: str, asked: SetupRequest, tmp_path: Path) -> None:
    whole = FakeKernel(name, tmp_path / "whole")
    before = snapshot(whole)
    set_up(whole, asked)
    whole.writes.clear()
    take_back(whole)
    for moment in range(0, len(whole.writes), 3):
        host = FakeKernel(name, tmp_path / str(moment))
        set_up(host, asked)
        host.writes.clear()
        host.before_write = killer(host, moment)
        with pytest.raises(Killed):
            take_back(host)
        host.before_write = lambda name: None
        take_back(host)
        assert snapshot(host) == before, f"killed before write {moment}: {whole.writes[moment]}"


def fail_at(part: str) -> Callable[[str], None]:
    def fail(name: str) -> None:
        if part in name:
            raise PermissionError(13, "Permission denied")

    return fail


@pytest.mark.parametrize(
    "part",
    ["rmem_max", "limits.d", "modprobe", "nics/", "netlink", "ixgbe/unbind", "drivers_probe", ".service"],
)
def test_a_failed_step_rolls_back_those_before_it(part: str, tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    host.run(["modprobe", "-r", "vfio-pci"])
    before = snapshot(host)
    armed = fail_at(part)
    host.before_write = once(armed)
    with pytest.raises(StepFailedError, match=r"Permission denied.*were rolled back") as failure:
        set_up(host, BARE_METAL)
    assert failure.value.remains == ()
    host.before_write = lambda name: None
    assert snapshot(host) == before and take_back(host) == []


def once(effect: Callable[[str], None]) -> Callable[[str], None]:
    """The effect fails once, so that rolling back can use the same kind of write."""
    state = {"armed": True}

    def act(name: str) -> None:
        if state["armed"]:
            try:
                effect(name)
            except OSError:
                state["armed"] = False
                raise

    return act


def fill_disk(host: FakeKernel, monkeypatch: pytest.MonkeyPatch, files_before: int) -> list[str]:
    """Leaves room for so many files; values of /sys and /proc need none. Returns the files that were asked
    for."""
    asked: list[str] = []

    def replace_file(name: str, text: str, mode: int) -> None:
        asked.append(name)
        if len(asked) > files_before:
            raise OSError(errno.ENOSPC, "No space left on device")
        FakeKernel.replace_file(host, name, text, mode)

    monkeypatch.setattr(host, "replace_file", replace_file)
    return asked


def test_a_full_disk_at_any_moment_rolls_back_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = FakeKernel("bare-metal-ixgbe", tmp_path / "whole")
    asked = fill_disk(whole, monkeypatch, 1 << 20)
    before = snapshot(whole)
    set_up(whole, BARE_METAL)
    for moment, name in enumerate(asked):
        host = FakeKernel("bare-metal-ixgbe", tmp_path / str(moment))
        fill_disk(host, monkeypatch, moment)
        with pytest.raises(StepFailedError, match="No space left on device") as failure:
            set_up(host, BARE_METAL)
        assert failure.value.remains == (), f"full before file {moment}: {name}"
        assert name != PLACE or "make room on the file system of /var/lib/aeron-dpdk" in str(failure.value)
        assert snapshot(host) == before


def test_a_full_disk_does_not_stop_undo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host = FakeKernel("aws-c6in", tmp_path)
    before = snapshot(host)
    set_up(host, CASES["aws-c6in"])
    fill_disk(host, monkeypatch, 0)
    take_back(host)
    assert snapshot(host) == before


def test_what_cannot_be_rolled_back_is_named_and_kept_for_undo(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    before = snapshot(host)
    host.before_write = fail_at("netlink")
    state = host.before_write

    def fail_later(name: str) -> None:
        if any(written.startswith("netlink") for written in host.writes):
            state(name)
        if "drivers_probe" in name:
            raise OSError(22, "Invalid argument")

    host.before_write = fail_later
    with pytest.raises(StepFailedError) as failure:
        set_up(host, BARE_METAL)
    assert any("network configuration" in each for each in failure.value.remains)
    host.before_write = lambda name: None
    take_back(host)
    assert snapshot(host) == before


def test_a_kernel_that_gives_fewer_huge_pages_fails_the_step_and_gets_them_back(tmp_path: Path) -> None:
    host = FakeKernel("debian-no-iommu", tmp_path, most_huge_pages=300)
    before = snapshot(host)
    with pytest.raises(StepFailedError, match=r"it is 300 instead.*memory is fragmented"):
        set_up(host, SetupRequest())
    assert snapshot(host) == before


def test_undo_leaves_alone_what_others_changed_since(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    set_up(host, SetupRequest(parts=frozenset({SetupPart.SOCKETS})))
    host.path("/proc/sys/net/core/rmem_max").write_text("9000000\n")
    said: list[str] = []
    with opened_journal(host) as journal:
        assert not undo(host, journal, said.append)
    assert host.number("/proc/sys/net/core/rmem_max") == 9000000
    assert any("others changed it" in line for line in said)
    assert not host.exists("/etc/sysctl.d/60-aeron-dpdk.conf")


def test_undo_after_a_second_setup_goes_back_to_before_the_first(tmp_path: Path) -> None:
    host = FakeKernel("debian-no-iommu", tmp_path)
    before = snapshot(host)
    parts = frozenset({SetupPart.HUGE_PAGES})
    set_up(host, SetupRequest(parts=parts, huge_kib=64 << 10))
    set_up(host, SetupRequest(parts=parts, huge_kib=128 << 10))
    take_back(host)
    assert snapshot(host) == before


def test_undo_that_fails_names_what_remains_and_keeps_it(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    before = snapshot(host)
    set_up(host, BARE_METAL)
    host.before_write = fail_at("vfio-pci/unbind")
    with pytest.raises(UndoError, match=f"driver of {BAR}: Permission denied"):
        take_back(host)
    host.before_write = lambda name: None
    take_back(host)
    assert snapshot(host) == before


def test_a_nic_that_a_process_uses_is_not_taken_from_it(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    set_up(host, BARE_METAL)
    process = tmp_path / "proc/4711"
    (process / "fd").mkdir(parents=True)
    (process / "comm").write_text("aeronmd_dpdk\n")
    (process / "fd/7").symlink_to("/dev/vfio/52")
    with pytest.raises(UndoError, match=r"aeronmd_dpdk \(4711\) uses the device, stop it first") as failure:
        take_back(host)
    assert any("has no interface, its driver is vfio-pci" in each for each in failure.value.remains)
    assert host.link_name(f"/sys/bus/pci/devices/{BAR}/driver") == "vfio-pci"


def test_undo_does_not_configure_another_card_that_is_at_the_address_now(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    set_up(host, BARE_METAL)
    host.replace_card(BAR, "02:00:00:00:00:99")
    with pytest.raises(UndoError, match="is another NIC now, 02:00:00:00:00:99"):
        take_back(host)
    assert host.network()["enp72s0f0"].addresses == ()


def test_the_saved_nic_is_there_while_it_is_bound(tmp_path: Path) -> None:
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    set_up(host, BARE_METAL)
    (saved,) = read_facts(host, host.network()).saved_nics
    [own] = saved.addresses
    assert (saved.address, saved.driver, str(own.ipv4)) == (BAR, "ixgbe", "10.20.0.5/24")
    assert (str(own.gateway), saved.interface.mtu) == ("10.20.0.1", 9000)


def test_binding_again_at_boot_keeps_the_saved_address(tmp_path: Path) -> None:
    """At boot the NIC is the kernel's again, and nobody has given it its address yet."""
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    before = snapshot(host)
    set_up(host, BARE_METAL)
    kept = host.text(f"/var/lib/aeron-dpdk/nics/{BAR}.json")
    host.write_value("/sys/bus/pci/drivers/vfio-pci/unbind", BAR)
    host.write_value(f"/sys/bus/pci/devices/{BAR}/driver_override", "\n")
    host.write_value("/sys/bus/pci/drivers_probe", BAR)
    set_up(host, BARE_METAL)
    assert host.text(f"/var/lib/aeron-dpdk/nics/{BAR}.json") == kept
    take_back(host)
    assert snapshot(host) == before


def test_an_interface_that_was_down_gets_its_name_back(tmp_path: Path) -> None:
    """Two NICs that come back in another order would have changed names."""
    host = FakeKernel("bare-metal-ixgbe", tmp_path)
    plan = make_plan(read_facts(host, host.network()), SetupRequest(nics=("wlo2",)))
    kept = [step for step in steps_of(plan.changes, host) if step.change.resource.kind == "network"]
    assert [step.before["name"] for step in kept] == ["wlo2"]


def test_a_second_setup_at_the_same_time_is_refused(tmp_path: Path) -> None:
    host = FakeKernel("debian-no-iommu", tmp_path)
    with opened_journal(host), pytest.raises(JournalError, match="another aeron-dpdk setup"):
        set_up(host, SetupRequest())


@pytest.mark.parametrize(
    "text",
    ["{", '{"version": 9, "entries": []}', '{"version": 1, "entries": [{"kind": "x"}]}'],
)
def test_a_damaged_journal_stops_everything(text: str, tmp_path: Path) -> None:
    host = FakeKernel("debian-no-iommu", tmp_path)
    place = host.path(PLACE)
    place.parent.mkdir(parents=True)
    place.write_text(text)
    with pytest.raises(JournalError):
        set_up(host, SetupRequest())
    assert place.read_text() == text


def test_the_journal_names_a_change_before_it_is_made(tmp_path: Path) -> None:
    host = FakeKernel("debian-no-iommu", tmp_path)
    seen: list[bool] = []

    def look(name: str) -> None:
        if name.endswith("nr_hugepages"):
            entries = json.loads(host.path(PLACE).read_text())["entries"]
            seen.append(any(entry["target"] == name and not entry["is_done"] for entry in entries))

    host.before_write = look
    set_up(host, SetupRequest())
    assert seen == [True]
