"""What a memif server finds where its socket shall be."""

import socket
from pathlib import Path

import pytest

from aeron_dpdk.errors import SettingConflictError
from aeron_dpdk.machine.change.memif_socket import clear_memif_sockets
from aeron_dpdk.machine.tree import Tree


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
def test_what_makes_no_file_removes_none(tmp_path: Path, role: str, abstract: str) -> None:
    listener(tmp_path / "memif").close()
    clear_memif_sockets(server(tmp_path / "memif", role, abstract), Tree())
    assert (tmp_path / "memif").exists()


def test_nothing_there_is_nothing_to_do(tmp_path: Path) -> None:
    clear_memif_sockets(server(tmp_path / "memif"), Tree())
