"""A directory in use, a directory left by a crash, and one that we may not write to."""

import os
import pwd
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from aeron_dpdk.driver.aeron_directory import (
    is_left_by_crash,
    refuse_unwritable,
    remove_unfinished,
)
from aeron_dpdk.driver.aeron_settings import AeronSettings, read_aeron_settings
from aeron_dpdk.errors import DirectoryError, DirectoryInUseError
from aeron_dpdk.observe.cnc import DriverSign, read_driver_sign

NOW_MS = 1_700_000_000_000
TO_DRIVER_LENGTH = 1024 * 1024 + 768
PID = 4711


def write_sign(directory: Path, pid: int = PID, age_ms: int = 500, version: int = 0x000200) -> None:
    """As aeron_driver_fill_cnc_metadata() and aeron_mpsc_rb_consumer_heartbeat_time() leave it."""
    metadata = struct.pack("<6i3qi", version, TO_DRIVER_LENGTH, 0, 0, 0, 0, 0, 0, pid, 4096)
    content = bytearray(128 + TO_DRIVER_LENGTH)
    content[: len(metadata)] = metadata
    struct.pack_into("<q", content, len(content) - 128, NOW_MS - age_ms)
    (directory / "cnc.dat").write_bytes(content)


@pytest.fixture
def aeron(tmp_path: Path) -> AeronSettings:
    directory = tmp_path / "aeron"
    directory.mkdir()
    return read_aeron_settings({"AERON_DIR": str(directory)})


def left_by_crash(aeron: AeronSettings, processes: Path, meanwhile: object = None) -> bool:
    def sleep(_: float) -> None:
        if callable(meanwhile):
            meanwhile()

    return is_left_by_crash(aeron, lambda: NOW_MS, sleep, processes)


def test_the_sign_of_a_driver_is_its_process_and_its_heartbeat(aeron: AeronSettings) -> None:
    write_sign(Path(aeron.directory))
    assert read_driver_sign(Path(aeron.directory)) == DriverSign(PID, NOW_MS - 500)


def test_no_directory_no_file_and_half_a_file_are_no_sign(tmp_path: Path) -> None:
    assert read_driver_sign(tmp_path / "nowhere") is None
    assert read_driver_sign(tmp_path) is None
    (tmp_path / "cnc.dat").write_bytes(b"\0" * 20)
    assert read_driver_sign(tmp_path) is None
    write_sign(tmp_path, version=0)
    assert read_driver_sign(tmp_path) is None


def test_a_live_process_with_a_young_heartbeat_holds_the_directory(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    write_sign(Path(aeron.directory))
    (tmp_path / str(PID)).mkdir()
    with pytest.raises(DirectoryInUseError, match=f"process {PID}"):
        left_by_crash(aeron, tmp_path)


def test_a_dead_process_whose_heartbeat_has_stopped_has_crashed(aeron: AeronSettings, tmp_path: Path) -> None:
    write_sign(Path(aeron.directory))
    assert left_by_crash(aeron, tmp_path)


def test_an_old_heartbeat_is_left_to_aeron(aeron: AeronSettings, tmp_path: Path) -> None:
    write_sign(Path(aeron.directory), age_ms=10_001)
    (tmp_path / str(PID)).mkdir()
    assert not left_by_crash(aeron, tmp_path)


def test_a_heartbeat_from_another_pid_namespace_holds_the_directory(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    write_sign(Path(aeron.directory))
    with pytest.raises(DirectoryInUseError, match="PID namespace"):
        left_by_crash(aeron, tmp_path, lambda: write_sign(Path(aeron.directory), age_ms=0))


@pytest.mark.parametrize("length", [0, 20, 4096])
def test_a_file_that_its_driver_never_finished_was_left_by_a_crash(
    aeron: AeronSettings, tmp_path: Path, length: int
) -> None:
    Path(aeron.directory, "cnc.dat").write_bytes(bytes(length))
    assert left_by_crash(aeron, tmp_path)


@pytest.mark.parametrize("at, value", [(4, -1), (8, 2**31 - 1), (20, 64)])
def test_a_file_that_aeron_would_crash_on_was_left_by_a_crash_however_old(
    aeron: AeronSettings, tmp_path: Path, at: int, value: int
) -> None:
    write_sign(Path(aeron.directory), age_ms=10_001)
    with Path(aeron.directory, "cnc.dat").open("r+b") as cnc:
        cnc.seek(at)
        cnc.write(struct.pack("<i", value))
    assert left_by_crash(aeron, tmp_path)


def test_a_driver_that_is_just_starting_is_given_time_to_finish_its_file(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    Path(aeron.directory, "cnc.dat").touch()
    assert not left_by_crash(aeron, tmp_path, lambda: write_sign(Path(aeron.directory)))


def test_a_fifo_in_the_place_of_the_file_is_refused_without_blocking(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    os.mkfifo(Path(aeron.directory, "cnc.dat"))
    assert not left_by_crash(aeron, tmp_path)
    with pytest.raises(DirectoryError, match="cnc.dat is not a regular file"):
        refuse_unwritable(aeron.directory)


def test_a_link_in_the_place_of_the_file_is_refused(aeron: AeronSettings, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    Path(aeron.directory, "cnc.dat").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DirectoryError, match="cnc.dat is not a regular file"):
        refuse_unwritable(aeron.directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["", "cnc.dat"])
def test_a_directory_or_file_of_another_user_is_refused(aeron: AeronSettings, name: str) -> None:
    Path(aeron.directory, "cnc.dat").touch()
    nobody = pwd.getpwnam("nobody").pw_uid
    os.chown(Path(aeron.directory, name), nobody, -1)
    with pytest.raises(DirectoryError, match=f"belongs to user {nobody}"):
        refuse_unwritable(aeron.directory)


def test_a_failed_start_removes_its_own_unfinished_directory_and_no_other(aeron: AeronSettings) -> None:
    for pid, version in ((PID, 0), (os.getpid(), 0x000200)):
        write_sign(Path(aeron.directory), pid=pid, version=version)
        remove_unfinished(aeron.directory)
        assert Path(aeron.directory, "cnc.dat").exists()
    write_sign(Path(aeron.directory), pid=os.getpid(), version=0)
    remove_unfinished(aeron.directory)
    assert not Path(aeron.directory).exists()


def test_our_own_process_id_in_a_fresh_container_is_not_the_old_driver(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    write_sign(Path(aeron.directory), pid=os.getpid())
    (tmp_path / str(os.getpid())).mkdir()
    assert left_by_crash(aeron, tmp_path)


def test_with_deletion_on_start_a_directory_is_not_taken_for_a_crash(
    aeron: AeronSettings, tmp_path: Path
) -> None:
    write_sign(Path(aeron.directory))
    (tmp_path / str(PID)).mkdir()
    assert not left_by_crash(replace(aeron, deletes_directory_on_start=True), tmp_path)


def test_a_directory_that_can_be_created_is_accepted(tmp_path: Path) -> None:
    refuse_unwritable(str(tmp_path / "a" / "b"))
    refuse_unwritable(str(tmp_path))


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryError, match="is not a directory"):
        refuse_unwritable(str(tmp_path / "file" / "aeron"))


def test_a_place_we_may_not_write_is_refused() -> None:
    real, effective, saved = os.getresuid()
    if effective == 0:
        nobody = pwd.getpwnam("nobody").pw_uid
        os.setresuid(nobody, nobody, saved)  # the real one too: glibc before 2.33 looks at that one only
    try:
        with pytest.raises(DirectoryError, match=r"no permission to write in /\)"):
            refuse_unwritable("/aeron-of-ours/aeron")
    finally:
        os.setresuid(real, effective, saved)
