"""How far the log buffers of an Aeron directory may still grow, and the room on its disk."""

from pathlib import Path

import pytest

from aeron_dpdk.observe.status import Room, room_in

MIB = 1 << 20


def test_what_sparse_files_have_not_taken_is_promised_and_what_they_have_is_not(tmp_path: Path) -> None:
    (tmp_path / "publications").mkdir()
    with (tmp_path / "publications" / "1.logbuffer").open("wb") as sparse:
        sparse.truncate(8 * MIB)
    (tmp_path / "cnc.dat").write_bytes(b"\x01" * MIB)
    (tmp_path / "link").symlink_to("publications/1.logbuffer")
    assert room_in(tmp_path).promised_bytes == 8 * MIB


def test_no_room_is_a_problem_that_says_what_is_missing_and_just_enough_is_none() -> None:
    assert Room(3 * MIB, 3 * MIB).problem is None
    problem = Room(3 * MIB, 4 * MIB).problem
    assert problem is not None and "has 3 MiB left" in problem and "grow by 4 MiB" in problem


def test_a_directory_that_is_gone_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        room_in(tmp_path / "gone")
