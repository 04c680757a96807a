"""The order of the start, how it is undone wherever it ends, and what each step is given."""

import json
import os
import pwd
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
from tests.unit.driver.fakes import PORT, FakeParts, settings_in

from aeron_dpdk.driver.interface_settings import InterfaceSettings
from aeron_dpdk.driver.setting_values import LocalAddress
from aeron_dpdk.driver.settings import Settings
from aeron_dpdk.driver.start_up import Ready, serve
from aeron_dpdk.errors import AeronDpdkError, MtuError
from aeron_dpdk.machine.facts.cpus import kernel_trusts_tsc
from aeron_dpdk.seam import KernelSockets, StackSettings

ROOT = Path(__file__).resolve().parents[3]


def run(settings: Settings, fake: FakeParts, stop: Callable[[], bool] = lambda: True) -> list[Ready]:
    """Runs to the end; by default as if SIGTERM came at once after the start."""
    ready: list[Ready] = []
    serve(
        settings,
        fake.parts(),
        lambda: bool(ready) and stop(),
        ready.append,
        stop_descriptor=-1,
        owns_process=False,
    )
    return ready


def test_everything_opens_in_order_and_closes_in_reverse(tmp_path: Path) -> None:
    fake = FakeParts()
    run(settings_in(tmp_path), fake)
    opened = ["eal", "stack", "port", "driver", "start"]
    assert fake.log == [*opened, "close driver", "close stack", "close eal"]


@pytest.mark.parametrize(
    ("step", "undone"),
    [
        ("eal", []),
        ("stack", ["close eal"]),
        ("port", ["close stack", "close eal"]),
        ("driver", ["close stack", "close eal"]),
        ("start", ["close driver", "close stack", "close eal"]),
    ],
)
def test_a_step_that_fails_undoes_the_steps_before_it(step: str, undone: list[str], tmp_path: Path) -> None:
    fake = FakeParts(fails_at=step)
    with pytest.raises(AeronDpdkError, match="told to fail"):
        run(settings_in(tmp_path), fake)
    assert fake.log[fake.log.index(step) + 1 :] == undone


@pytest.mark.parametrize("opened", [0, 1, 3])
def test_a_stop_during_the_start_ends_it_before_the_next_step(opened: int, tmp_path: Path) -> None:
    fake = FakeParts()

    def stop() -> bool:
        return len(fake.log) >= opened

    def on_ready(_: Ready) -> None:
        pytest.fail("it became ready although it was to stop")

    serve(settings_in(tmp_path), fake.parts(), stop, on_ready, stop_descriptor=-1, owns_process=False)
    assert [step for step in fake.log if not step.startswith("close")] == ["eal", "stack", "port"][:opened]


def test_a_client_that_terminates_the_driver_ends_it(tmp_path: Path) -> None:
    fake = FakeParts(terminated=True)
    assert run(settings_in(tmp_path), fake, stop=lambda: False)
    assert fake.log[-1] == "close eal"


def test_the_ready_line_has_its_facts(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (ready,) = run(settings, FakeParts())
    assert ready == Ready(settings, (PORT,), "SHARED", "/dev/shm/aeron-of-a-fake", os.geteuid(), os.getegid())


def test_each_interface_gets_a_stack_chained_to_the_first(tmp_path: Path) -> None:
    fake = FakeParts()
    further = InterfaceSettings(LocalAddress(IPv4Address("10.1.0.5"), 24), port_id=3, number=1)
    made = settings_in(tmp_path)
    (ready,) = run(replace(made, interfaces=(*made.interfaces, further)), fake)
    assert fake.log == [
        *("eal", "stack", "port", "stack", "port", "driver", "start"),
        *("close driver", "close stack", "close stack", "close eal"),
    ]
    (first_settings, first), (further_settings, behind) = fake.chain
    assert (str(first_settings.local_address), first_settings.port_id, first) == ("10.0.0.5", 0, None)
    assert (str(further_settings.local_address), further_settings.port_id) == ("10.1.0.5", 3)
    assert behind is fake.stacks[0]
    assert ready.ports == (PORT, PORT)


def test_the_stack_gets_every_setting_of_its_own(tmp_path: Path) -> None:
    fake = FakeParts()
    made = settings_in(tmp_path)
    first = replace(
        made.interfaces[0],
        gateway_ipv4_address=IPv4Address("10.0.0.1"),
        port_id=2,
        mtu=1500,
        rx_queue_size=512,
        tx_queue_size=256,
    )
    settings = replace(
        made,
        interfaces=(first,),
        tx_mempool_per_queue=True,
        tx_mempool_ops="ring_mp_mc",
        rx_mempool_ops="stack",
        tx_mempool_cache_size=32,
        rx_mempool_cache_size=64,
    )
    run(settings, fake)
    assert fake.stack_settings == StackSettings(
        local_address=IPv4Address("10.0.0.5"),
        port_id=2,
        prefix_length=24,
        gateway=IPv4Address("10.0.0.1"),
        mtu=1500,
        rx_queue_size=512,
        tx_queue_size=256,
        rx_mempool_cache_size=64,
        tx_mempool_cache_size=32,
        rx_mempool_ops="stack",
        tx_mempool_ops="ring_mp_mc",
        tx_mempool_per_queue=True,
        threads_shared=True,
        trusts_tsc=kernel_trusts_tsc(),
        kernel_sockets=KernelSockets.LOOPBACK,
        fragments=True,
        name="dpdk2",
    )


def test_aerons_settings_are_in_the_environment_for_c_and_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERON_MTU_LENGTH", "8K")
    monkeypatch.delenv("AERON_DIR", raising=False)
    fake = FakeParts()
    settings = settings_in(tmp_path)
    run(replace(settings, environment={**settings.environment, "AERON_MTU_LENGTH": None}), fake)
    assert fake.environment_when_driver_opened["AERON_DIR"] == str(tmp_path / "aeron")
    assert "AERON_MTU_LENGTH" not in fake.environment_when_driver_opened
    assert os.environ["AERON_MTU_LENGTH"] == "8K" and "AERON_DIR" not in os.environ


def test_an_empty_aeron_directory_means_the_default_for_c_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERON_DIR", "")
    monkeypatch.setenv("USER", f"nobody-{os.getpid()}")
    fake = FakeParts()
    run(replace(settings_in(tmp_path), environment={"AERON_THREADING_MODE": "SHARED"}), fake)
    assert "AERON_DIR" not in fake.environment_when_driver_opened
    assert os.environ["AERON_DIR"] == ""


def test_a_start_that_fails_in_aeron_leaves_no_half_made_directory(tmp_path: Path) -> None:
    fake = FakeParts(fails_at="start")
    settings = settings_in(tmp_path)
    with pytest.raises(AeronDpdkError, match="told to fail"):
        serve(
            settings,
            fake.parts(),
            lambda: _half_made(tmp_path / "aeron", fake),
            print,
            stop_descriptor=-1,
            owns_process=False,
        )
    assert not (tmp_path / "aeron").exists()


def _half_made(directory: Path, fake: FakeParts) -> bool:
    """Asks for no stop, but leaves a cnc.dat before the driver is opened: Aeron's, except for its version."""
    if "port" in fake.log:
        directory.mkdir()
        (directory / "cnc.dat").write_bytes(struct.pack("<6i3qi", 0, 0, 0, 0, 0, 0, 0, 0, os.getpid(), 4096))
    return False


def test_an_aeron_mtu_beyond_the_ports_is_refused_and_the_port_closed(tmp_path: Path) -> None:
    fake = FakeParts()
    settings = settings_in(tmp_path)
    with pytest.raises(MtuError):
        run(replace(settings, environment={**settings.environment, "AERON_MTU_LENGTH": "8K"}), fake)
    assert fake.log == ["eal", "stack", "port", "close stack", "close eal"]


def test_cores_from_the_cgroup_reach_eal_and_aeron(tmp_path: Path) -> None:
    fake = FakeParts()
    run(settings_in(tmp_path, threads_from_cgroup=True), fake)
    first = min(os.sched_getaffinity(0))
    assert f"--lcores=0@({first})" in fake.eal_arguments
    assert "AERON_CONDUCTOR_CPU_AFFINITY" in fake.environment_when_driver_opened


DROP = """
import json, os, sys
from pathlib import Path
from tests.unit.driver.fakes import FakeParts, settings_in
from aeron_dpdk.driver.start_up import serve
fake, ready = FakeParts(), []
settings = settings_in(Path(sys.argv[1]), user="nobody", environment={"AERON_THREADING_MODE": "SHARED"})
os.environ.pop("AERON_DIR", None)
serve(settings, fake.parts(), lambda: bool(ready), ready.append, stop_descriptor=-1, owns_process=False)
print(json.dumps([fake.uid_when_driver_opened, ready[0].uid,
                  fake.environment_when_driver_opened["AERON_DIR"]]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up root")
def test_root_is_gone_before_aeron_makes_its_first_file_and_the_directory_is_the_users(
    tmp_path: Path,
) -> None:
    completed = subprocess.run(
        [sys.executable, "-c", DROP, str(tmp_path)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    nobody = pwd.getpwnam("nobody").pw_uid
    result: Any = json.loads(completed.stdout)
    assert result == [nobody, nobody, "/dev/shm/aeron-nobody"]
