"""Huge pages for a measurement, and what a memif server finds in the place of its socket."""

import socket
from pathlib import Path

import pytest

from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.change.outside_setup import clear_memif_sockets, reserved_huge_pages
from aeron_dpdk.machine.tree import Tree


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Six of ten pages are in use. The kernel would change the second file with the first; this does not."""
    (tmp_path / "nr_hugepages").write_text("10\n")
    (tmp_path / "free_hugepages").write_text("4\n")
    return tmp_path


def pages(directory: Path) -> int:
    return int((directory / "nr_hugepages").read_text())


def test_free_pages_are_used_and_nothing_is_reserved(directory: Path) -> None:
    with reserved_huge_pages(4, directory) as are_there:
        assert are_there
        assert pages(directory) == 10
    assert pages(directory) == 10


def test_only_the_missing_pages_are_reserved_and_given_back(directory: Path) -> None:
    with reserved_huge_pages(9, directory):
        assert pages(directory) == 15
    assert pages(directory) == 10


def test_pages_that_others_reserved_meanwhile_stay_theirs(directory: Path) -> None:
    with reserved_huge_pages(9, directory):
        (directory / "nr_hugepages").write_text("20\n")
    assert pages(directory) == 15


def test_pages_are_given_back_after_an_error_too(directory: Path) -> None:
    with pytest.raises(KeyboardInterrupt), reserved_huge_pages(9, directory):
        raise KeyboardInterrupt
    assert pages(directory) == 10


def test_too_few_granted_pages_count_as_none(directory: Path) -> None:
    with reserved_huge_pages(9, directory) as are_there:
        assert not are_there, "free_hugepages still says 4"


def test_a_kernel_without_huge_pages_has_none(tmp_path: Path) -> None:
    with reserved_huge_pages(9, tmp_path / "absent") as are_there:
        assert not are_there


def test_pages_are_given_back_when_the_reservation_itself_is_interrupted(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text = Path.write_text

    def interrupted_after(path: Path, text: str) -> None:
        monkeypatch.undo()
        write_text(path, text)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_text", interrupted_after)
    with pytest.raises(KeyboardInterrupt), reserved_huge_pages(9, directory):
        pytest.fail("not reached")
    assert pages(directory) == 10


def server(path: Path, role: str = "server", abstract: str = "no") -> list[str]:
    return ["--no-pci", f"--vdev=net_memif0,role={role},socket={path},socket-abstract={abstract}"]


def listener(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    made.bind(str(path))
    made.listen(1)
    return made


def test_the_file_of_a_server_that_is_gone_is_removed(tmp_path: Path) -> None:
    listener(tmp_path / "memif").close()
    clear_memif_sockets(server(tmp_path / "memif"), Tree())
    assert not (tmp_path / "memif").exists()


def test_a_server_that_listens_is_named_and_left_alone(tmp_path: Path) -> None:
    with (
        listener(tmp_path / "memif"),
        pytest.raises(SettingConflictError, match="another memif server listens"),
    ):
        clear_memif_sockets(server(tmp_path / "memif"), Tree())
    assert (tmp_path / "memif").exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "memif").touch()
    with pytest.raises(SettingConflictError, match="is no socket"):
        clear_memif_sockets(server(tmp_path / "memif"), Tree())
    assert (tmp_path / "memif").exists()


@pytest.mark.parametrize(("role", "abstract"), [("client", "no"), ("server", "yes")])
def test_a_memif_role_that_creates_no_file_removes_none(tmp_path: Path, role: str, abstract: str) -> None:
    listener(tmp_path / "memif").close()
    clear_memif_sockets(server(tmp_path / "memif", role, abstract), Tree())
    assert (tmp_path / "memif").exists()


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    clear_memif_sockets(server(tmp_path / "memif"), Tree())
