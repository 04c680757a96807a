from pathlib import Path

from aeron_dpdk.machine.facts.session import probe_socket_buffers


def test_a_socket_gets_what_it_asks_for_up_to_the_sysctl(tmp_path: Path) -> None:
    buffers = probe_socket_buffers(8192, 16384)
    # The kernel doubles what is asked for, for its own book-keeping (socket(7)).
    assert buffers.sndbuf_length == min(8192, buffers.wmem_max) * 2
    assert buffers.rcvbuf_length == min(16384, buffers.rmem_max) * 2


def test_the_limits_of_buffers_are_read_from_the_sysctls(tmp_path: Path) -> None:
    (tmp_path / "wmem_max").write_text("1000\n")
    (tmp_path / "rmem_max").write_text("2000\n")
    buffers = probe_socket_buffers(0, 0, tmp_path)
    assert (buffers.wmem_max, buffers.rmem_max) == (1000, 2000)
