"""The lab itself: what a guest is, and that commands in it behave as they do here."""

import re
import signal
import sys
from pathlib import Path

from tests.lab.fixtures.guest import ORDINARY_USER, Guest, settles
from tests.lab.fixtures.kernel import Kernel
from tests.lab.fixtures.traffic import await_ping, drop_address, take_address
from tests.lab.machines import E1000E
from tests.system.fixtures.process import ChildProcess


def test_the_guest_runs_the_kernel_of_the_package(guest: Guest, guest_kernel: Kernel) -> None:
    assert guest.run("uname", "-r").strip() == guest_kernel.release
    assert guest.run("hostname").strip() == "lab"


def test_the_guest_sees_this_checkout_and_cannot_change_it(guest: Guest) -> None:
    here = Path(__file__)
    assert guest.run("cat", str(here)) == here.read_text()
    guest.run("sh", "-c", f"echo changed > {here}")
    assert "changed" not in here.read_text().splitlines()


def test_exit_codes_and_both_streams_come_back(guest: Guest) -> None:
    done = guest.attempt("sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 7)


def test_a_command_that_does_not_exist_is_told_from_one_that_fails(guest: Guest) -> None:
    done = guest.attempt("no-such-program")
    assert done.returncode == 125
    assert "no-such-program" in done.stderr


def test_a_signal_reaches_the_command_and_its_death_is_seen_here(guest: Guest) -> None:
    process = ChildProcess(guest.inside.command("sh", "-c", "echo started; exec sleep 600"))
    assert process.next_line(60) == "started"
    process.ask_to_stop()
    assert process.wait(60) == -signal.SIGTERM


def test_a_command_dies_with_the_process_that_stands_for_it(guest: Guest) -> None:
    process = ChildProcess(guest.inside.command("sh", "-c", "echo $$; exec sleep 600"))
    pid = process.next_line(60)
    process.kill()
    settles(lambda: guest.attempt("test", "-d", f"/proc/{pid}").returncode == 1, "the command is gone")


def test_much_output_arrives_whole(guest: Guest) -> None:
    assert len(guest.run("head", "-c", "3000000", "/dev/zero")) == 3000000


def test_the_ordinary_user_has_no_privilege_and_reaches_the_project(guest: Guest) -> None:
    status = guest.run("cat", "/proc/self/status", user=ORDINARY_USER)
    assert re.search(r"^CapEff:\t0+$", status, re.MULTILINE)
    assert guest.run(sys.executable, "-c", "import aeron_dpdk; print('seen')", user=ORDINARY_USER) == "seen\n"


def test_every_nic_is_under_its_kernel_driver(guest: Guest) -> None:
    found = [guest.driver(nic) for nic in guest.hardware.nics]
    assert found == ["e1000e", "vmxnet3", "virtio-pci", "e1000", "e1000"]


def test_only_the_nics_behind_the_bridge_share_an_iommu_group(guest: Guest) -> None:
    groups = [guest.iommu_group(nic) for nic in guest.hardware.nics]
    assert len(set(groups)) == len(groups) - 1
    assert groups[-1] == groups[-2]


def test_the_kernel_of_the_guest_reaches_this_machine_through_its_nic(guest: Guest) -> None:
    take_address(guest, E1000E)
    await_ping(guest, E1000E)
    drop_address(guest, E1000E)
